#include "kernel/process/lifecycle.h"
#include "kernel/process/signals.h"

/* How a task that sleeps or computes hears that there is something to do for it. */

void task_notify(struct process *process, struct task *task) {
    (void)process;
    __atomic_store_n(&task->has_work, true, __ATOMIC_RELEASE);
    if (task->sleeper) {
        sleeper_wake(task->sleeper);
    }
}

void process_notify_tasks(struct process *process) {
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        task_notify(process, LIST_ENTRY(at, struct task, link));
    }
}

void task_expect_notice(struct task *task, struct sleeper *sleeper) {
    sleeper_prepare(sleeper);
    signals_lock(task->process);
    task->sleeper = sleeper;
    signals_unlock(task->process);
}

static void set_depth(struct task *task, bool sleeps_deeply) {
    signals_lock(task->process);
    task->sleeps_deeply = sleeps_deeply;
    signals_unlock(task->process);
}

void task_sleep_deeply(struct task *task) {
    set_depth(task, true);
}

void task_sleep_lightly(struct task *task) {
    set_depth(task, false);
}

void task_expect_end(struct task *task, struct sleeper *sleeper) {
    task_sleep_deeply(task);
    task_expect_notice(task, sleeper);
}

void task_expect_nothing(struct task *task) {
    signals_lock(task->process);
    task->sleeper = nullptr;
    task->sleeps_deeply = false;
    signals_unlock(task->process);
}

bool task_has_fatal(const struct task *task, signal_set pending) {
    for (unsigned signal = 1; signal <= SIGNAL_COUNT && pending != 0; signal++) {
        bool is_pending = (pending & signal_bit(signal)) != 0;
        if (is_pending && signal_default(signal) == SIGNAL_ENDS &&
            signal_action_get(task->process, signal).handler == HANDLER_DEFAULT) {
            return true;
        }
    }
    return false;
}
