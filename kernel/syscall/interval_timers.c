#include "kernel/clock/clock.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"

/* man 2 setitimer, alarm. */

/* struct itimerval of man 2 setitimer: the period, then what is left. */
struct interval {
    struct time_value period, left;
};

static bool value_is_valid(const struct time_value *value) {
    return value->seconds >= 0 && value->microseconds >= 0 && value->microseconds < 1'000'000;
}

static uint64_t value_ns(const struct time_value *value) {
    const struct time_spec time = {value->seconds, value->microseconds * 1000};
    return time_spec_ns(&time);
}

static struct interval interval_of(struct real_timer_times times) {
    return (struct interval){time_value_of(times.period_ns), time_value_of(times.left_ns)};
}

constexpr uint32_t INTERVAL_REAL = 0;    /* ITIMER_REAL */
constexpr uint32_t INTERVAL_VIRTUAL = 1; /* ITIMER_VIRTUAL */
constexpr uint32_t INTERVAL_COUNT = 3;   /* and ITIMER_PROF */

static enum cpu_timer_kind kind_of(uint32_t which) {
    return which == INTERVAL_VIRTUAL ? CPU_TIMER_VIRTUAL : CPU_TIMER_PROFILE;
}

static struct interval read_timer(struct process *process, uint32_t which) {
    if (which == INTERVAL_REAL) {
        return interval_of(real_timer_read(process));
    }
    tree_lock();
    struct cpu_timer timer = cpu_timer_left(process, kind_of(which));
    tree_unlock();
    return (struct interval){ticks_to_value(timer.period_ticks),
                             ticks_to_value(timer.deadline_ticks)};
}

/* Rounded up: not too early. */
static uint64_t to_ticks(const struct time_value *value) {
    uint64_t tick_ns = ticks_to_ns(1);
    return add_saturated(value_ns(value), tick_ns - 1) / tick_ns;
}

static struct interval set_timer(struct process *process, uint32_t which,
                                 const struct interval *next) {
    if (which == INTERVAL_REAL) {
        const struct real_timer_times times = {value_ns(&next->left), value_ns(&next->period)};
        return interval_of(real_timer_set(process, times));
    }
    const struct interval before = read_timer(process, which);
    tree_lock();
    cpu_timer_set(process, kind_of(which), to_ticks(&next->left), to_ticks(&next->period));
    tree_unlock();
    return before;
}

int64_t call_getitimer(const struct trap_frame *frame) {
    uint32_t which = (uint32_t)frame->rdi;
    if (which >= INTERVAL_COUNT) {
        return STATUS_INVALID;
    }
    const struct interval interval = read_timer(process_current(), which);
    return copy_out(frame->rsi, &interval, sizeof(interval));
}

int64_t call_setitimer(const struct trap_frame *frame) {
    struct process *process = process_current();
    uint32_t which = (uint32_t)frame->rdi;
    struct interval next = {};
    if (frame->rsi != 0 && copy_in(&next, frame->rsi, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    if (which >= INTERVAL_COUNT || !value_is_valid(&next.period) || !value_is_valid(&next.left)) {
        return STATUS_INVALID;
    }
    const struct interval before = set_timer(process, which, &next);
    return frame->rdx != 0 ? copy_out(frame->rdx, &before, sizeof(before)) : 0;
}

/* Seconds that were left are rounded up where less than one was, else to the nearest. */
int64_t call_alarm(const struct trap_frame *frame) {
    const struct real_timer_times once = {(uint32_t)frame->rdi * NANOSECONDS_PER_SECOND, 0};
    const struct interval before = interval_of(real_timer_set(process_current(), once));
    int64_t seconds = before.left.seconds + (before.left.microseconds >= 500'000);
    return seconds == 0 && before.left.microseconds > 0 ? 1 : seconds;
}
