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
    const void *memory; /* a process's memory, or what several share */
    uint64_t offset;    /* in it */
};

/* Errors: STATUS_INVALID, not a multiple of 4; STATUS_FAULT. */
enum status futex_find_key(uint64_t address, bool is_private, struct futex_key *key);

/*
 * Sleeps if the word is `expected`, until somebody wakes one of `bits`. Errors: STATUS_TRY_AGAIN,
 * it is not; STATUS_FAULT; STATUS_TIMED_OUT; STATUS_INTERRUPTED.
 */
enum status futex_wait(const struct futex_key *key, uint64_t address, uint32_t expected,
                       uint32_t bits, uint64_t deadline_ns);

/* Wakes up to `count`; returns how many. */
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

END_C_DECLS
