#pragma once

#include "kernel/files/wait/wait.h"
#include "kernel/process/futex.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "mm/lock/sleep_lock.h"

/* Who waits for which word: what the sources on futexes tell each other. */

BEGIN_C_DECLS

/* The word of a lock that the kernel hands over (FUTEX_LOCK_PI), and of a robust one. */
constexpr uint32_t FUTEX_OWNER = 0x3fffffff; /* its thread's number; 0: it is free */
constexpr uint32_t FUTEX_OWNER_DIED = 0x40000000;
constexpr uint32_t FUTEX_HAS_WAITERS = 0x80000000;

/* Its lock is held while the word is read, which may fault: so it sleeps, and comes before a
 * space's. */
struct futex_bucket {
    struct sleep_lock lock;
    struct list_node waiters; /* guarded by lock */
};

enum futex_waiter_kind : uint8_t {
    FUTEX_WAITS,      /* to be woken */
    FUTEX_WANTS_LOCK, /* to be handed the lock over */
    FUTEX_WILL_WANT,  /* to be moved to a lock (FUTEX_WAIT_REQUEUE_PI) */
};

struct futex_waiter {
    struct list_node link;       /* guarded by the bucket's lock, as all but the bucket itself */
    struct futex_bucket *bucket; /* atomic; changed with both buckets locked */
    struct futex_key key;
    uint32_t bits;
    struct sleeper *sleeper; /* not owned */
    enum futex_waiter_kind kind;
    uint32_t task_number;      /* FUTEX_WANTS_LOCK, FUTEX_WILL_WANT */
    uint32_t owner;            /* of the lock that it waits for */
    struct futex_key lock_key; /* FUTEX_WILL_WANT: where it is to be moved to */
    bool is_heir;              /* the lock is its own by the death of the owner; atomic */
    bool is_woken;             /* and in no bucket any more; atomic */
};

static inline bool futex_key_is_same(const struct futex_key *a, const struct futex_key *b) {
    return a->memory == b->memory && a->offset == b->offset;
}

struct futex_bucket *futex_bucket_of(const struct futex_key *key);
void futex_lock_bucket(struct futex_bucket *bucket) ACQUIRES(bucket->lock);
void futex_unlock_bucket(struct futex_bucket *bucket) RELEASES(bucket->lock);

/* Two at once, in the order of their addresses; they may be one. */
void futex_lock_both(struct futex_bucket *a, struct futex_bucket *b) NO_CAPABILITY_CHECK;
void futex_unlock_both(struct futex_bucket *a, struct futex_bucket *b) NO_CAPABILITY_CHECK;

/* Every bucket, in turn, for what looks for waiters whose key it does not know. */
struct futex_bucket *futex_bucket_after(struct futex_bucket *bucket);

/* Looks at the word before a bucket is locked, so that nobody waits for its page with the lock held
 * (man 2 userfaultfd); false: it cannot be read. */
[[nodiscard]] bool futex_touch_word(uint64_t address);

/* Whether the word still is what the caller saw: STATUS_TRY_AGAIN, it is not; STATUS_FAULT. */
enum status futex_check_word(uint64_t address, uint32_t expected);

/* Puts the waiter into its bucket, if the word is `expected`. Errors: of futex_check_word. */
enum status futex_enqueue(struct futex_waiter *waiter, uint64_t address, uint32_t expected);

/* Takes it out of its bucket, which is locked, and ends its sleep. */
void futex_wake_waiter(struct futex_waiter *waiter);

/* It is of the other bucket from here on, in whose list it must be put; both are locked. */
void futex_move(struct futex_waiter *waiter, const struct futex_key *key,
                struct futex_bucket *bucket);

/* Locks the bucket of a waiter that may be moved meanwhile. */
struct futex_bucket *futex_lock_bucket_with(struct futex_waiter *waiter) NO_CAPABILITY_CHECK;

/* Takes a waiter out that may have been moved meanwhile; false: it was woken, or is an heir, which
 * stays where it is. */
bool futex_give_up(struct futex_waiter *waiter);

/* Until it is woken or an heir, which is STATUS_OK. Errors: STATUS_TIMED_OUT; STATUS_INTERRUPTED.
 */
enum status futex_sleep(struct futex_waiter *waiter, uint64_t deadline_ns);

/* The task has ended: whoever waits for a lock of its own gets it. */
void futex_pass_locks_on(uint32_t task_number);

END_C_DECLS
