#include "kernel/process/cpu_timers.h"

#include "drivers/timer.h"
#include "kernel/process/posix_timer.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"

static uint64_t read(const uint64_t *ticks) {
    return __atomic_load_n(ticks, __ATOMIC_RELAXED);
}

static const uint64_t *clock_of(const struct cpu_timers *timers, enum cpu_timer_kind kind) {
    return kind == CPU_TIMER_VIRTUAL ? &timers->user_ticks : &timers->all_ticks;
}

void cpu_timers_tick(bool was_in_user_mode) {
    struct task *task = task_current();
    if (!task) {
        return;
    }
    struct cpu_timers *timers = &task->process->cpu_timers;
    __atomic_add_fetch(&timers->all_ticks, 1, __ATOMIC_RELAXED);
    if (was_in_user_mode) {
        __atomic_add_fetch(&timers->user_ticks, 1, __ATOMIC_RELAXED);
    }
    if (__atomic_load_n(&timers->is_watched, __ATOMIC_RELAXED)) {
        __atomic_store_n(&task->has_work, true, __ATOMIC_RELEASE);
    }
}

void cpu_timers_watch(struct process *process) {
    const struct cpu_timers *timers = &process->cpu_timers;
    bool is_watched = process->limits[RESOURCE_CPU].soft != UINT64_MAX ||
                      !list_is_empty(&process->cpu_posix_timers) ||
                      timers->timers[CPU_TIMER_VIRTUAL].deadline_ticks != 0 ||
                      timers->timers[CPU_TIMER_PROFILE].deadline_ticks != 0;
    __atomic_store_n(&process->cpu_timers.is_watched, is_watched, __ATOMIC_RELAXED);
}

static void check_timer(struct process *process, enum cpu_timer_kind kind, unsigned signal)
    REQUIRES(process_tree) {
    struct cpu_timer *timer = &process->cpu_timers.timers[kind];
    uint64_t now = read(clock_of(&process->cpu_timers, kind));
    if (timer->deadline_ticks == 0 || now < timer->deadline_ticks) {
        return;
    }
    timer->deadline_ticks = timer->period_ticks != 0 ? now + timer->period_ticks : 0;
    const struct signal_info info = signal_info_from_kernel(signal);
    (void)signal_send(process, &info);
}

/* SIGXCPU each second from the soft limit on, which moves with it as on Linux; SIGKILL at the hard
 * one. */
static void check_limit(struct process *process) REQUIRES(process_tree) {
    struct resource_limit *limit = &process->limits[RESOURCE_CPU];
    uint64_t seconds = read(&process->cpu_timers.all_ticks) / TIMER_HERTZ;
    if (seconds >= limit->hard) {
        signal_kill(process);
    } else if (seconds >= limit->soft) {
        const struct signal_info info = signal_info_from_kernel(SIGNAL_XCPU);
        limit->soft = seconds + 1;
        (void)signal_send(process, &info);
    }
}

void cpu_timers_check(void) {
    struct process *process = process_current();
    if (!__atomic_load_n(&process->cpu_timers.is_watched, __ATOMIC_RELAXED)) {
        return;
    }
    tree_lock();
    check_timer(process, CPU_TIMER_VIRTUAL, SIGNAL_VTALRM);
    check_timer(process, CPU_TIMER_PROFILE, SIGNAL_PROF);
    posix_timers_check_cpu(process);
    check_limit(process);
    cpu_timers_watch(process);
    tree_unlock();
}

struct cpu_timer cpu_timer_left(struct process *process, enum cpu_timer_kind kind) {
    struct cpu_timer timer = process->cpu_timers.timers[kind];
    uint64_t now = read(clock_of(&process->cpu_timers, kind));
    if (timer.deadline_ticks != 0) {
        timer.deadline_ticks = timer.deadline_ticks > now ? timer.deadline_ticks - now : 1;
    }
    return timer;
}

void cpu_timer_set(struct process *process, enum cpu_timer_kind kind, uint64_t left_ticks,
                   uint64_t period_ticks) {
    uint64_t now = read(clock_of(&process->cpu_timers, kind));
    process->cpu_timers.timers[kind] = (struct cpu_timer){
        .deadline_ticks = left_ticks != 0 ? now + left_ticks : 0,
        .period_ticks = period_ticks,
    };
    cpu_timers_watch(process);
}
