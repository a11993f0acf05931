#pragma once

#include <stdint.h>

#include "kernel/clock/timer.h"
#include "lib/decls.h"

/* ITIMER_REAL of man 2 setitimer, and man 2 alarm: SIGALRM at a time, and again after a period. */

BEGIN_C_DECLS

struct process;

/* Nanoseconds; 0: off, and once. */
struct real_timer_times {
    uint64_t left_ns, period_ns;
};

struct real_timer {
    struct timer timer;
    /* Changed under the tree lock while the timer is not armed; else the timers' thread alone
     * does. */
    uint64_t next_ns;   /* of clock_now: the next expiration; 0: off; atomic */
    uint64_t period_ns; /* 0: once */
};

void real_timer_init(struct process *process);
struct real_timer_times real_timer_read(struct process *process);

/* Returns what was. */
struct real_timer_times real_timer_set(struct process *process, struct real_timer_times next);

/* SIGALRM has been taken: until then, a short period sends no others. */
void real_timer_taken(struct process *process);

/* From here on it sends nothing. */
void real_timer_end(struct process *process);

END_C_DECLS
