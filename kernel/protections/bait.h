#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/space/address_space.h"

/* Memory for the provocations. What the kernel may run by mistake begins with a return instruction,
 * the user's data with a breakpoint. */

BEGIN_C_DECLS

constexpr uint8_t RETURN_INSTRUCTION = 0xc3;

/* Makes the bait, enters its space and keeps the CPU there; and the way back. */
void bait_begin(void);
void bait_end(void);

/* A guarded page of the kernel's ranges. */
virt_addr_t bait_data(void);

/* Memory of the heap. */
virt_addr_t bait_heap(void);

/* Pages of the bait's space: one that may be read and run, with the pieces of code below, and one
 * that may be read and written, with a breakpoint. */
virt_addr_t bait_user_code(void);
virt_addr_t bait_user_data(void);

/* What user code can try, with the address in question in RDI. Where nothing stops it, it comes to
 * the breakpoint behind it. */
enum user_piece : uint8_t {
    USER_RETURN, /* for the kernel alone, at the page's start: no breakpoint follows */
    USER_READ,
    USER_WRITE,
    USER_JUMP, /* to that address, where a breakpoint may be or not */
    USER_SGDT,
    USER_SIDT,
    USER_SLDT,
    USER_STR,
    USER_SMSW,
    USER_HLT,
    USER_CLI,
    USER_IN,
    USER_RDFSBASE,
    USER_PIECE_COUNT,
};

virt_addr_t bait_user_piece(enum user_piece piece);

/* Where the direct map shows what the kernel sees at `address`. */
virt_addr_t bait_in_direct_map(virt_addr_t address);

/* A page of user memory in a space of the caller's, with `content` at its start. */
void bait_map_page(struct address_space *of, virt_addr_t address, TRUSTED const char *name,
                   uint8_t rights, TRUSTED const void *content, size_t size_bytes);

END_C_DECLS
