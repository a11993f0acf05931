#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/space/area.h"
#include "mm/space/locked_range.h"

/*
 * The areas of a process: what man 2 mmap, munmap, mprotect and mremap do, in pages.
 *
 * Every operation wants a token for writing that covers its ranges; it is looked at only after the
 * ranges themselves, so that whatever a program asks for may be passed. After an error nothing has
 * changed, unless it says otherwise. STATUS_INVALID, a range that is empty or not all in the user
 * half, and STATUS_NO_MEMORY, no memory for an area or a table, go without saying; so do
 * RIGHT_USER, and RIGHT_READ where there is another right.
 */

BEGIN_C_DECLS

/* Areas that a space may have (Linux's vm.max_map_count), its null guard and guards included. */
constexpr uint64_t AREA_COUNT_MAX = 65530;

struct space_mapping {
    uint8_t rights;             /* of enum page_right */
    uint8_t rights_max;         /* the most that space_protect may give; 0: all rights */
    struct area_source *source; /* null: anonymous. The caller's reference stays its own */
    uint64_t source_page;       /* of the source, that the first page shows */
    bool is_shared;             /* needs a source: anonymous ones can be made */
    bool grows_down;
    bool is_locked; /* filled at once as far as that can be done, and counted as locked */
    bool is_unreserved;
    bool replaces;            /* what is there goes (MAP_FIXED) */
    TRUSTED const char *name; /* copied and cut */
};

/*
 * New memory, which takes frames as it is used (space_resolve_fault). Joins neighbours that differ
 * in nothing but their place. Errors: STATUS_EXISTS, an area is there; STATUS_INVALID, also rights
 * that are not a user's or not among rights_max, or shared memory without a source;
 * STATUS_ACCESS_DENIED, denies_new_code; STATUS_NOT_PERMITTED, it would replace a sealed area;
 * STATUS_NO_MEMORY, also where a limit of space_usage.h would be passed, where there would be
 * more than AREA_COUNT_MAX areas, or where more would be promised than may be (is_unreserved
 * aside); STATUS_TRY_AGAIN, more locked memory than the limit. What it replaces counts as free for
 * all limits but that of locked memory.
 */
enum status space_map(struct locked_range *token, struct virt_range range,
                      const struct space_mapping *mapping) REQUIRES(token);

/* An area that is never mapped, so that a fault in it can be named. Errors: as for mapping. */
enum status space_reserve_guard(struct locked_range *token, struct virt_range range,
                                const char *name) REQUIRES(token);

/*
 * Removes areas, or parts of areas, and what they map; gaps and the null guard are skipped. Errors:
 * STATUS_NO_MEMORY, also where a hole would make one area too many; STATUS_NOT_PERMITTED, an area
 * is sealed.
 */
enum status space_unmap(struct locked_range *token, struct virt_range range) REQUIRES(token);

/*
 * Changes rights of whole areas or parts, splitting and joining areas. RIGHT_NONE parks: contents
 * stay. Areas are changed one after another, upwards; what was changed before an error stays, as
 * man 2 mprotect has it. Errors: STATUS_NO_MEMORY, also where a page of the range is not memory and
 * where a limit would be passed; STATUS_ACCESS_DENIED, an area's rights_max or denies_new_code
 * forbids it; STATUS_NOT_PERMITTED, an area is sealed.
 */
enum status space_protect(struct locked_range *token, struct virt_range range, uint8_t rights)
    REQUIRES(token);

/* Where space_find_gap may look, and for what. */
struct space_gap {
    uint64_t page_count;
    uint64_t alignment_bytes; /* a power of two, at least PAGE_SIZE */
    virt_addr_t end;          /* below it; 0: the space's own end, SPACE_MMAP_END if never set */
};

/*
 * Finds the highest gap below the end or, where there is none and the end is the space's own, the
 * lowest one above it. Keeps STACK_GAP_PAGES free below areas that grow down. Errors:
 * STATUS_NO_MEMORY, there is none.
 */
enum status space_find_gap(struct locked_range *token, const struct space_gap *gap,
                           struct virt_range *range) REQUIRES(token);

/* Where space_find_gap looks from downwards, until it is set again; a page boundary in the user
 * half. The child of a fork has its parent's. */
void space_set_mmap_end(struct address_space *space, virt_addr_t end);

struct space_remap {
    struct virt_range old;   /* page_count 0: see below */
    uint64_t new_page_count; /* not 0 */
    bool may_move;           /* MREMAP_MAYMOVE */
    bool is_fixed;           /* MREMAP_FIXED: to new_start, whatever is there */
    bool keeps_old;          /* MREMAP_DONTUNMAP: the old area stays, empty */
    virt_addr_t new_start;
};

/*
 * Makes an area, or a part of one, smaller, larger, or moves it with its pages and without copying
 * them (man 2 mremap); `*start` is where it is then. With old.page_count 0 the pages of a shared
 * mapping are shown a second time. The token covers all of the user half. Errors, as Linux has
 * them: STATUS_INVALID, also for an address that is not a page's, for flags that do not go
 * together, old and new range that overlap, keeps_old of another size, and old.page_count 0 of what
 * is not shared; STATUS_FAULT, the old range is not in one area of memory; STATUS_NO_MEMORY, also
 * where it cannot grow and may not move, and where a limit would be passed; STATUS_TRY_AGAIN, more
 * locked memory than the limit; STATUS_NOT_PERMITTED, an area is sealed. What lay in the way of a
 * fixed move may be gone after an error.
 */
enum status space_remap(struct locked_range *token, const struct space_remap *remap,
                        virt_addr_t *start) REQUIRES(token);

/*
 * man 2 remap_file_pages: shared memory shows its source from `source_page` on, in one area. It is
 * filled as far as that can be done. Errors: as for mapping, and STATUS_INVALID where the range is
 * not one shared mapping.
 */
enum status space_show(struct locked_range *token, struct virt_range range, uint64_t source_page)
    REQUIRES(token);

enum space_access_kind : uint8_t { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

/*
 * Makes an access that a CPU was refused succeed, if the area at `va` allows it: takes the memory,
 * shows the object's page, copies what others have too, grows a stack. OK also where the tables
 * allow it already. Sleeps. Errors: STATUS_FAULT, no memory belongs there (SIGSEGV, SEGV_MAPERR);
 * STATUS_ACCESS_DENIED (SEGV_ACCERR); STATUS_BUS, behind the end of the object (SIGBUS,
 * BUS_ADRERR); STATUS_NO_MEMORY; where a pager is asked (user_pager.h), also STATUS_INTERRUPTED,
 * and what the pager says.
 */
enum status space_resolve_fault(struct address_space *space, virt_addr_t va,
                                enum space_access_kind access);

/* The same for an instruction of the program's own: a signal ends the wait for a pager. */
enum status space_resolve_fault_of_program(struct address_space *space, virt_addr_t va,
                                           enum space_access_kind access);

END_C_DECLS
