#include "mm/lock/sleep_lock.h"

#include "lib/check.h"
#include "mm/platform.h"

enum sleep_lock_state : uint32_t {
    SLEEP_LOCK_FREE = 0,
    SLEEP_LOCK_HELD,
    SLEEP_LOCK_AWAITED, /* held, and somebody may be asleep for it: the release wakes one */
};

void sleep_lock_acquire(struct sleep_lock *lock) NO_CAPABILITY_CHECK {
    uint32_t expected = SLEEP_LOCK_FREE;
    if (__atomic_compare_exchange_n(&lock->state, &expected, SLEEP_LOCK_HELD, false,
                                    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)) {
        return;
    }
    /* Whoever has waited takes it as AWAITED, since it cannot know whether others still sleep. */
    while (__atomic_exchange_n(&lock->state, SLEEP_LOCK_AWAITED, __ATOMIC_ACQUIRE) !=
           SLEEP_LOCK_FREE) {
        platform_sleep_while(&lock->state, SLEEP_LOCK_AWAITED);
    }
}

void sleep_lock_release(struct sleep_lock *lock) NO_CAPABILITY_CHECK {
    uint32_t held = __atomic_exchange_n(&lock->state, SLEEP_LOCK_FREE, __ATOMIC_RELEASE);
    CHECK(held != SLEEP_LOCK_FREE);
    if (held == SLEEP_LOCK_AWAITED) {
        platform_wake_one(&lock->state);
    }
}
