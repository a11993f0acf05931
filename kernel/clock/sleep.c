#include "kernel/clock/sleep.h"

#include "kernel/clock/clock.h"

static uint64_t ring(struct timer *timer) {
    struct alarm *alarm = (struct alarm *)timer;
    __atomic_store_n(&alarm->has_rung, true, __ATOMIC_RELEASE);
    sleeper_wake(alarm->sleeper);
    return 0;
}

static_assert(offsetof(struct alarm, timer) == 0);

void alarm_begin(struct alarm *alarm, struct sleeper *sleeper, uint64_t deadline_ns) {
    *alarm = (struct alarm){.timer.fire = ring, .sleeper = sleeper};
    if (deadline_ns <= clock_now()) {
        alarm->has_rung = true; /* and nobody waits for a tick to hear it */
    } else if (deadline_ns != NO_DEADLINE) {
        timer_arm(&alarm->timer, deadline_ns);
    }
}

void alarm_end(struct alarm *alarm) {
    (void)timer_cancel(&alarm->timer);
}
