#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * Bytes on their way between a file and whoever reads or writes it. The far side may be a process's
 * memory, where any byte can turn out to be missing: what was moved before it counts, and a file
 * that is written to gets no more than was read.
 */

BEGIN_C_DECLS

/* What stands behind a far side. Both return how many bytes at the end were not copied. */
struct transfer_side {
    size_t (*put)(void *context, size_t offset, const void *bytes, size_t size_bytes);
    size_t (*take)(void *context, size_t offset, void *bytes, size_t size_bytes);
};

/* Whether writing to a regular file goes to its end, whatever the position is (man 2 preadv2). */
enum append_mode : uint8_t {
    APPEND_AS_FILE, /* as FILE_APPEND says */
    APPEND_ALWAYS,  /* RWF_APPEND */
    APPEND_NEVER,   /* RWF_NOAPPEND */
};

struct transfer {
    const struct transfer_side *side;
    void *context;
    size_t left_bytes; /* still to be moved; 0 once a byte was missing */
    size_t done_bytes; /* moved, in either direction */
    bool has_fault;    /* a byte of the far side was missing */

    /* No byte is written to a regular file here or behind it (RLIMIT_FSIZE). */
    uint64_t position_limit;
    bool keeps_set_bits; /* who writes is root: see node_drop_set_bits */
    bool is_broken;      /* nobody reads what is left, after some was moved: the caller's SIGPIPE */
    bool breaks_silently; /* who sends to nobody gets no SIGPIPE (man 7 unix, of packets) */
    bool is_silent;       /* a part of more: whoever has it all moved tells the file's observers */
    enum append_mode append;
};

/* A transfer of size_bytes with any far side, and no limit. */
struct transfer transfer_begin(const struct transfer_side *side, void *context, size_t size_bytes);

/* With the kernel's own memory as the far side, which must outlive it. */
struct transfer transfer_to_memory(void *memory, size_t size_bytes);
struct transfer transfer_from_memory(TRUSTED const void *memory, size_t size_bytes);

/* Moves up to size_bytes to the far side, and to `bytes` from it; returns how many were moved,
 * which is less where no more are left or where one was missing. */
size_t transfer_put(struct transfer *transfer, TRUSTED const void *bytes, size_t size_bytes);
size_t transfer_take(struct transfer *transfer, void *bytes, size_t size_bytes);

/* Moves up to size_bytes zeroes to the far side; returns as transfer_put does. */
size_t transfer_put_zeroes(struct transfer *transfer, size_t size_bytes);

/* Counts all that is left as moved, without looking at it. */
void transfer_skip(struct transfer *transfer);

/* What the call is to return: STATUS_FAULT where nothing was moved because of a missing byte,
 * `otherwise` where nothing was moved, STATUS_OK where done_bytes is the answer. */
enum status transfer_result(const struct transfer *transfer, enum status otherwise);

END_C_DECLS
