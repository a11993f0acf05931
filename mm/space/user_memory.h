#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/space/locked_range.h"
#include "mm/space/user_areas.h"

/*
 * What a process says of memory it has: man 2 madvise, mincore, mlock, msync, mseal. What
 * user_areas.h
 * says of tokens and errors holds here too. Where a range has holes, what lies around them is done
 * all the same, and STATUS_NO_MEMORY returned in the end, unless it says otherwise.
 */

BEGIN_C_DECLS

/*
 * MADV_DONTNEED: private pages are dropped, so that there are zeroes or the object's pages again;
 * shared ones are only unmapped. Errors: STATUS_INVALID, an area is locked (areas below it have
 * been done); STATUS_NOT_PERMITTED, one is sealed, anonymous and not writable; STATUS_NO_MEMORY.
 */
enum status space_discard(struct locked_range *token, struct virt_range range) REQUIRES(token);

/* MADV_DONTNEED_LOCKED: the same, locked memory too. */
enum status space_discard_locked(struct locked_range *token, struct virt_range range)
    REQUIRES(token);

/* MADV_FREE: private anonymous pages may be dropped when memory is short. Nothing does so yet, so
 * contents stay. Errors: STATUS_INVALID, an area is anything else; STATUS_NOT_PERMITTED, as for
 * space_discard; STATUS_NO_MEMORY. */
enum status space_discard_lazily(struct locked_range *token, struct virt_range range)
    REQUIRES(token);

/*
 * MADV_REMOVE: takes the pages out of the object behind the range. Errors: STATUS_INVALID, an area
 * is locked or without an object; STATUS_ACCESS_DENIED, it is not shared and writable;
 * STATUS_NOT_PERMITTED, as for space_discard; STATUS_NO_MEMORY.
 */
enum status space_punch(struct locked_range *token, struct virt_range range) REQUIRES(token);

enum fork_policy : uint8_t {
    FORK_COPIES,     /* MADV_DOFORK */
    FORK_LEAVES_OUT, /* MADV_DONTFORK: a child has nothing there */
    FORK_WIPES,      /* MADV_WIPEONFORK: a child finds zeroes */
    FORK_KEEPS,      /* MADV_KEEPONFORK: undoes FORK_WIPES */
};

/* What a fork does with the areas of the range. Errors: STATUS_INVALID, to wipe what is not private
 * and anonymous; STATUS_NOT_PERMITTED, to leave out or to wipe what space_discard keeps;
 * STATUS_NO_MEMORY. */
enum status space_set_fork_policy(struct locked_range *token, struct virt_range range,
                                  enum fork_policy policy) REQUIRES(token);

/*
 * Fills the range as reading or writing each of its pages would: MADV_POPULATE_READ and _WRITE.
 * Ends at the first page that cannot be filled; what was filled stays. Errors: STATUS_NO_MEMORY,
 * also a hole; STATUS_INVALID, also where an area's rights forbid the access; STATUS_FAULT, behind
 * the end of an object; STATUS_INTERRUPTED, the process is to end.
 */
enum status space_populate(struct locked_range *token, struct virt_range range,
                           enum space_access_kind access) REQUIRES(token);

/* man 2 mincore: for each page of the range, a byte of `residency` is 1 where using it would not
 * have to wait for anything, else 0. Errors: STATUS_NO_MEMORY, a hole; bytes may have been written.
 */
enum status space_residency(struct locked_range *token, struct virt_range range, uint8_t *residency)
    REQUIRES(token);

enum memory_lock : uint8_t {
    MEMORY_UNLOCKED,
    MEMORY_LOCKED,
    MEMORY_LOCKED_ON_FAULT,
    MEMORY_LOCK_KEPT, /* for space_lock_all: what is locked stays so, and nothing else */
};

/*
 * man 2 mlock, munlock, mlock2: locked memory is filled at once, or as it is used, and stays.
 * Errors: STATUS_NOT_PERMITTED, the limit is 0; STATUS_NO_MEMORY, also more than the limit, a hole
 * (what is below it is done), and memory that cannot be filled; STATUS_TRY_AGAIN, no frames to fill
 * it.
 */
enum status space_lock_memory(struct locked_range *token, struct virt_range range,
                              enum memory_lock lock) REQUIRES(token);

/* man 2 mlockall, munlockall: all that there is, and what will be mapped from now on (which is not
 * MEMORY_LOCK_KEPT). The token covers all of the user half. Errors: STATUS_NOT_PERMITTED, the limit
 * is 0; STATUS_NO_MEMORY, more than the limit. */
enum status space_lock_all(struct locked_range *token, enum memory_lock current,
                           enum memory_lock future) REQUIRES(token);

/*
 * man 2 mseal: the areas of the range, cut to it, keep their place, their rights and their contents
 * for good; the child of a fork has them sealed too. Errors: STATUS_NO_MEMORY, also a hole (then
 * nothing is sealed).
 */
enum status space_seal(struct locked_range *token, struct virt_range range) REQUIRES(token);

/*
 * man 2 mbind: remembers a policy. `policy->mode` 0 takes it away, and holes do not matter then.
 * Errors: STATUS_FAULT, a hole, or nothing else (then nothing has changed); STATUS_NO_MEMORY.
 */
enum status space_set_memory_policy(struct locked_range *token, struct virt_range range,
                                    const struct memory_policy *policy) REQUIRES(token);

/*
 * man 2 set_mempolicy_home_node: remembers that there is one, in each area that has a policy.
 * Errors: STATUS_NOT_SUPPORTED, a policy's mode is not among `modes`, a bit each (areas below it
 * have been done); STATUS_NOT_FOUND, no area has a policy; STATUS_NO_MEMORY.
 */
enum status space_set_home_node(struct locked_range *token, struct virt_range range, uint32_t modes)
    REQUIRES(token);

/* What man 2 msync checks. Errors: STATUS_BUSY, `refuses_locked` (MS_INVALIDATE) and an area is
 * locked; STATUS_NO_MEMORY. */
enum status space_check_mapped(struct locked_range *token, struct virt_range range,
                               bool refuses_locked) REQUIRES(token);

END_C_DECLS
