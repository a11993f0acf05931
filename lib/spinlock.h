#pragma once

#include <stdint.h>

#include "lib/capability.h"

/*
 * A test-and-set lock of one word. It says nothing of pre-emption or interrupts: the taker turns
 * pre-emption off first (docs/locking.md).
 */
struct CAPABILITY("spinlock") spinlock {
    uint32_t is_held;
};

static inline void spinlock_acquire(struct spinlock *lock) ACQUIRES(lock) NO_CAPABILITY_CHECK {
    while (__atomic_exchange_n(&lock->is_held, 1, __ATOMIC_ACQUIRE) != 0) {
        while (__atomic_load_n(&lock->is_held, __ATOMIC_RELAXED) != 0) {
            __builtin_ia32_pause();
        }
    }
}

static inline void spinlock_release(struct spinlock *lock) RELEASES(lock) NO_CAPABILITY_CHECK {
    __atomic_store_n(&lock->is_held, 0, __ATOMIC_RELEASE);
}
