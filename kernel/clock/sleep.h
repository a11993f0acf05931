#pragma once

#include <stdint.h>

#include "kernel/clock/timer.h"
#include "kernel/files/wait/wait.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/* A timer that ends a sleeper's sleep. */
struct alarm {
    struct timer timer;
    struct sleeper *sleeper;
    bool has_rung; /* atomic */
};

constexpr uint64_t NO_DEADLINE = UINT64_MAX;

/* The sleeper is woken at the deadline (of clock_now; NO_DEADLINE: never), until alarm_end. */
void alarm_begin(struct alarm *alarm, struct sleeper *sleeper, uint64_t deadline_ns);
void alarm_end(struct alarm *alarm);

static inline bool alarm_has_rung(const struct alarm *alarm) {
    return __atomic_load_n(&alarm->has_rung, __ATOMIC_ACQUIRE);
}

END_C_DECLS
