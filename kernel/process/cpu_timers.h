#pragma once

#include <stdint.h>

#include "kernel/process/tree_lock.h"
#include "lib/decls.h"

/*
 * What happens when a process has used so much CPU time: ITIMER_VIRTUAL and ITIMER_PROF of man 2
 * setitimer, timers of CPU clocks of man 2 timer_create, and RLIMIT_CPU. A timer tick only counts,
 * and has the task look at the next way out of the kernel where anything is armed.
 */

BEGIN_C_DECLS

struct process;

enum cpu_timer_kind : uint8_t { CPU_TIMER_VIRTUAL, CPU_TIMER_PROFILE, CPU_TIMER_COUNT };

struct cpu_timer {
    uint64_t deadline_ticks; /* 0: off */
    uint64_t period_ticks;   /* 0: once */
};

struct cpu_timers {
    uint64_t user_ticks, all_ticks;           /* of all tasks so far; atomic */
    bool is_watched;                          /* atomic: something is armed */
    struct cpu_timer timers[CPU_TIMER_COUNT]; /* guarded by the tree lock */
};

/* At a timer tick, with interrupts off. */
void cpu_timers_tick(bool was_in_user_mode);

/* Before the current task goes on in user mode: sends what is due. */
void cpu_timers_check(void);

/* Once the limit of CPU time is another. */
void cpu_timers_watch(struct process *process) REQUIRES(process_tree);

/* How much is left, and after which time again. Ticks; 0: off, and once. */
struct cpu_timer cpu_timer_left(struct process *process, enum cpu_timer_kind kind)
    REQUIRES(process_tree);
void cpu_timer_set(struct process *process, enum cpu_timer_kind kind, uint64_t left_ticks,
                   uint64_t period_ticks) REQUIRES(process_tree);

END_C_DECLS
