#pragma once

#include <stdint.h>

#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Sleeping on a word of user memory (man 2 futex), on behalf of the current task. */

BEGIN_C_DECLS

constexpr uint32_t FUTEX_ANY = UINT32_MAX; /* FUTEX_BITSET_MATCH_ANY */

/* Where a word is: the same for all who see the same memory. */
struct futex_key {
    uint64_t memory; /* a process's, by its address, or an object's, by its number */
    uint64_t offset; /* in it */
};

/* Errors: STATUS_INVALID, not a multiple of 4; STATUS_FAULT. */
enum status futex_find_key(uint64_t address, bool is_private, struct futex_key *key);

/*
 * Sleeps if the word is `expected`, until somebody wakes one of `bits`. Errors: STATUS_TRY_AGAIN,
 * it is not; STATUS_FAULT; STATUS_TIMED_OUT; STATUS_INTERRUPTED.
 */
enum status futex_wait(const struct futex_key *key, uint64_t address, uint32_t expected,
                       uint32_t bits, uint64_t deadline_ns);

/* Wakes up to `count`; returns how many. Errors: STATUS_INVALID, one waits for a lock that is
 * handed over. */
int64_t futex_wake(const struct futex_key *key, uint32_t count, uint32_t bits);

/*
 * Wakes up to wake_count, and lets up to move_count more wait on the other word; returns how many
 * were woken or moved. `expected`, if not null, must be what the first word, at `address`, is.
 * Errors: STATUS_TRY_AGAIN; STATUS_FAULT.
 */
struct futex_requeue {
    struct futex_key from, to;
    uint32_t wake_count, move_count;
    uint64_t address;
    const uint32_t *expected;
};

int64_t futex_requeue(const struct futex_requeue *request);

/*
 * Locks whose word is their owner's thread number (FUTEX_LOCK_PI). Errors: STATUS_DEADLOCK, it is
 * the current task's; STATUS_NO_SUCH_PROCESS, the word names nobody; STATUS_FAULT;
 * STATUS_TIMED_OUT; STATUS_INTERRUPTED. Trying: STATUS_TRY_AGAIN, it is another's. Unlocking:
 * STATUS_NOT_PERMITTED, it is not the current task's.
 */
enum status futex_lock(const struct futex_key *key, uint64_t address, uint64_t deadline_ns);
enum status futex_try_lock(const struct futex_key *key, uint64_t address);
enum status futex_unlock(const struct futex_key *key, uint64_t address);

/* Sleeps on a word, if it is `expected`, until it is moved to a lock and has that. Errors: as
 * above; STATUS_INVALID, both are one; STATUS_TRY_AGAIN, the word is another, or a signal came
 * first. */
struct futex_lock_wait {
    struct futex_key key, lock_key;
    uint64_t address, lock_address;
    uint32_t expected;
    uint64_t deadline_ns;
};

enum status futex_wait_for_lock(const struct futex_lock_wait *wait);

/* Moves one and up to move_count more of those to the lock; returns how many were moved or have it
 * now. `expected` is not null. Errors: STATUS_INVALID, others wait there; as above. */
int64_t futex_requeue_to_lock(const struct futex_requeue *request, uint64_t lock_address);

/* One of several words to sleep on; `key` is set. */
struct futex_choice {
    struct futex_key key;
    uint64_t address;
    uint32_t expected;
};

/* Sleeps if all words are as expected; returns the index of one that was woken. Errors: as
 * futex_wait; STATUS_NO_MEMORY. */
int64_t futex_wait_for_any(const struct futex_choice *choices, uint32_t count,
                           uint64_t deadline_ns);

END_C_DECLS
