#include "kernel/process/real_timer.h"

#include "kernel/clock/clock.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"

static uint64_t ring(struct timer *timer) {
    struct real_timer *real = LIST_ENTRY(timer, struct real_timer, timer);
    const struct signal_info info = signal_info_from_kernel(SIGNAL_ALRM);
    uint64_t next = real->next_ns;
    (void)signal_send(LIST_ENTRY(real, struct process, real_timer), &info);
    (void)timer_pass(&next, real->period_ns, clock_now());
    __atomic_store_n(&real->next_ns, next, __ATOMIC_RELAXED);
    return timer_with_patience(next);
}

void real_timer_init(struct process *process) {
    process->real_timer.timer.fire = ring;
}

static struct real_timer_times read(const struct real_timer *real) REQUIRES(process_tree) {
    uint64_t now = clock_now();
    uint64_t next = __atomic_load_n(&real->next_ns, __ATOMIC_RELAXED);
    bool is_armed = next != 0;
    if (real->period_ns != 0) {
        (void)timer_pass(&next, real->period_ns, now);
    }
    return (struct real_timer_times){
        .left_ns = next > now ? next - now : is_armed,
        .period_ns = real->period_ns,
    };
}

struct real_timer_times real_timer_read(struct process *process) {
    tree_lock();
    struct real_timer_times times = read(&process->real_timer);
    tree_unlock();
    return times;
}

struct real_timer_times real_timer_set(struct process *process, struct real_timer_times next) {
    struct real_timer *real = &process->real_timer;
    uint64_t deadline = clock_now() + next.left_ns;
    tree_lock();
    struct real_timer_times before = read(real);
    (void)timer_cancel(&real->timer);
    real->period_ns = next.period_ns;
    real->next_ns = next.left_ns != 0 ? deadline : 0;
    if (real->next_ns != 0) {
        timer_arm(&real->timer, real->next_ns);
    }
    tree_unlock();
    return before;
}

void real_timer_taken(struct process *process) {
    struct real_timer *real = &process->real_timer;
    tree_lock();
    if (real->period_ns != 0 && timer_cancel(&real->timer)) {
        (void)timer_pass(&real->next_ns, real->period_ns, clock_now());
        timer_arm(&real->timer, real->next_ns);
    }
    tree_unlock();
}

void real_timer_end(struct process *process) {
    (void)timer_cancel(&process->real_timer.timer);
}
