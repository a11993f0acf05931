#include "kernel/process/lifecycle.h"
#include "kernel/process/process.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/signals.h"

/* Stopping, going on, and ending on somebody else's word. */

/* A parent that traces it hears of each thread's stop. */
static void tell_stop(struct process *process, unsigned signal) {
    tree_lock();
    const struct trace *trace = process->id->trace;
    if (!trace || trace->tracer->process != process->parent) {
        process_tell_parent(process, CODE_CHILD_STOPPED, (int32_t)signal);
    }
    tree_unlock();
}

static void tell_continue(struct process *process) {
    tree_lock();
    process_tell_parent(process, CODE_CHILD_CONTINUED, SIGNAL_CONT);
    tree_unlock();
}

/* Of an orphaned group nobody would continue what the terminal has stopped. */
static bool may_stop(struct process *process, unsigned signal) {
    tree_lock();
    bool is_orphaned = group_is_orphaned(process->group, nullptr);
    tree_unlock();
    return signal == SIGNAL_STOP || !is_orphaned;
}

void process_stop(unsigned signal) {
    struct process *process = process_current();
    if (!may_stop(process, signal)) {
        return;
    }
    struct task *task = task_current();
    signals_lock(process);
    /* A SIGCONT that came since the signal was taken has undone it. A tracee may run in a process
     * that is stopped, and stop it again. */
    bool may_stop_now = process->state == PROCESS_LIVES ||
                        (process->state == PROCESS_STOPPED && task_trace(task) != nullptr);
    bool is_stopped = may_stop_now && !process->is_ending && task->has_taken_stop;
    if (is_stopped) {
        process->state = PROCESS_STOPPED;
        process->stop_signal = signal;
        __atomic_add_fetch(&process->stop_count, 1, __ATOMIC_RELEASE);
        process->has_stop_news = true;
        process->has_continue_news = false;
        process_notify_tasks(process);
    }
    signals_unlock(process);
    if (is_stopped) {
        tell_stop(process, signal);
    }
}

/* Sleeps until the process goes on or ends, or somebody traces the task: then it stops for that. */
static void sleep_while_stopped(struct task *task) {
    struct process *process = task->process;
    struct sleeper sleeper;
    task_expect_end(task, &sleeper);
    while (__atomic_load_n(&process->state, __ATOMIC_ACQUIRE) == PROCESS_STOPPED &&
           !task_trace(task) && sleeper_sleep(&sleeper) == STATUS_OK) {
        task_expect_notice(task, &sleeper);
    }
    task_expect_nothing(task);
}

/* Whoever comes first tells it, whether it has slept or SIGCONT came before it could. */
static bool take_continue_debt(struct process *process) {
    signals_lock(process);
    bool owes = process->owes_continue;
    process->owes_continue = false;
    signals_unlock(process);
    return owes;
}

void process_obey(struct trap_frame *frame) {
    struct task *task = task_current();
    do {
        sleep_while_stopped(task);
        if (task_is_to_end(task)) {
            task_exit(0);
        }
        if (take_continue_debt(task->process)) {
            tell_continue(task->process);
        }
    } while (trace_obey(frame));
}

bool process_end_others(void) {
    struct task *task = task_current();
    struct process *process = task->process;
    struct sleeper sleeper;
    signals_lock(process);
    bool is_first = !process->is_ending && process->ender == nullptr;
    if (is_first) {
        process->ender = task;
        process_notify_tasks(process);
    }
    signals_unlock(process);
    if (!is_first) {
        return false;
    }
    task_expect_end(task, &sleeper);
    while (process_has_threads() && sleeper_sleep(&sleeper) == STATUS_OK) {
        task_expect_notice(task, &sleeper);
    }
    task_expect_nothing(task);
    signals_lock(process);
    process->ender = nullptr;
    bool is_alone = !process->is_ending;
    signals_unlock(process);
    return is_alone;
}
