#include "kernel/clock/sleep.h"
#include "kernel/process/futex.h"
#include "kernel/process/futex_queue.h"
#include "mm/heap/heap.h"

/* Sleeping on several words at once (futex_waitv of Linux's
 * Documentation/userspace-api/futex2.rst). */

struct crowd {
    struct sleeper sleeper;
    uint32_t count; /* of those that are in buckets, or were woken */
    struct futex_waiter waiters[];
};

/* Takes all out again; the last that was woken, or STATUS_TRY_AGAIN. */
static int64_t give_all_up(struct crowd *crowd) {
    int64_t woken = STATUS_TRY_AGAIN;
    for (uint32_t i = 0; i < crowd->count; i++) {
        if (!futex_give_up(&crowd->waiters[i])) {
            woken = i;
        }
    }
    return woken;
}

static enum status enqueue_all(struct crowd *crowd, const struct futex_choice *choices,
                               uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct futex_waiter *waiter = &crowd->waiters[i];
        *waiter = (struct futex_waiter){
            .key = choices[i].key,
            .bits = FUTEX_ANY,
            .sleeper = &crowd->sleeper,
        };
        enum status status = futex_enqueue(waiter, choices[i].address, choices[i].expected);
        if (status != STATUS_OK) {
            return status;
        }
        crowd->count++;
    }
    return STATUS_OK;
}

static bool any_is_woken(const struct crowd *crowd) {
    for (uint32_t i = 0; i < crowd->count; i++) {
        if (__atomic_load_n(&crowd->waiters[i].is_woken, __ATOMIC_ACQUIRE)) {
            return true;
        }
    }
    return false;
}

static enum status sleep(struct crowd *crowd, uint64_t deadline_ns) {
    struct alarm alarm;
    enum status status = STATUS_OK;
    alarm_begin(&alarm, &crowd->sleeper, deadline_ns);
    while (!any_is_woken(crowd) && status == STATUS_OK) {
        if (alarm_has_rung(&alarm)) {
            status = STATUS_TIMED_OUT;
        } else {
            status = sleeper_sleep(&crowd->sleeper);
            sleeper_prepare(&crowd->sleeper);
        }
    }
    alarm_end(&alarm);
    return status;
}

int64_t futex_wait_for_any(const struct futex_choice *choices, uint32_t count,
                           uint64_t deadline_ns) {
    struct crowd *crowd = heap_alloc(sizeof(*crowd) + count * sizeof(crowd->waiters[0]));
    if (!crowd) {
        return STATUS_NO_MEMORY;
    }
    enum status status = enqueue_all(crowd, choices, count);
    if (status == STATUS_OK) {
        status = sleep(crowd, deadline_ns);
    }
    int64_t woken = give_all_up(crowd);
    heap_free(crowd);
    return woken >= 0 ? woken : status;
}
