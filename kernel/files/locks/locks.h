#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/*
 * Advisory locks on ranges of files (man 2 fcntl, F_SETLK and F_OFD_SETLK) and on whole files (man
 * 2 flock). What is locked and who locks it are known by their addresses alone: a file's node, and
 * a table of descriptors or an open file, whose holder drops its locks before it goes.
 */

BEGIN_C_DECLS

enum lock_type : uint8_t { LOCK_SHARED, LOCK_EXCLUSIVE, LOCK_NONE };

/* Locks of different families never meet. */
enum lock_family : uint8_t { LOCK_RANGES, LOCK_WHOLE };

constexpr uint64_t LOCK_END_MAX = INT64_MAX;

struct lock_request {
    const void *what;
    const void *owner;
    uint32_t process; /* for who asks about the lock; 0: no single one */
    enum lock_family family;
    enum lock_type type;
    uint64_t start, end; /* the last byte too; at most LOCK_END_MAX */
};

/* Whether who would wait for a lock does so, and whether waiting in a circle is found out. */
enum lock_patience : uint8_t { LOCK_AT_ONCE, LOCK_WAITS, LOCK_WAITS_FOR_PROCESSES };

/*
 * Makes the range locked as the request says, for its owner, whatever the owner had of it before.
 * Errors: STATUS_TRY_AGAIN, another owner's lock is in the way; STATUS_DEADLOCK, that owner waits
 * for this one; STATUS_INTERRUPTED; STATUS_NO_LOCKS, there is no memory.
 */
enum status lock_set(const struct lock_request *request, enum lock_patience patience);

/* man 2 flock: first gives up what the owner has, if it is of another type. Errors: the same. */
enum status lock_set_whole(const struct lock_request *request, enum lock_patience patience);

/* A lock that is in the way of the request, or, of LOCK_NONE, one that the owner has there; false:
 * there is none. */
bool lock_find(const struct lock_request *request, struct lock_request *found);

/* Gives up all that the owner has of it. */
void locks_drop(const void *what, const void *owner);

END_C_DECLS
