#pragma once

#include <stdint.h>

#include "lib/capability.h"
#include "lib/decls.h"

/*
 * A lock of one word whose waiters sleep, built on platform_sleep_while and platform_wake_one in
 * the manner of a futex mutex. Never taken in interrupt context or with pre-emption off.
 */

BEGIN_C_DECLS

struct CAPABILITY("sleep_lock") sleep_lock {
    uint32_t state; /* of enum sleep_lock_state; atomic. All-zero bytes mean free. */
};

void sleep_lock_acquire(struct sleep_lock *lock) ACQUIRES(lock);
void sleep_lock_release(struct sleep_lock *lock) RELEASES(lock);

END_C_DECLS
