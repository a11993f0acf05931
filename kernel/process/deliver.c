#include "kernel/cpu/user_copy.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/process.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/rseq.h"
#include "kernel/process/signal_frame.h"
#include "kernel/process/signals.h"
#include "lib/status.h"

/* What a task does with its signals before it goes on in user mode. */

constexpr uint64_t SYSCALL_SIZE_BYTES = 2; /* of the SYSCALL instruction */

/* The instruction is made again, with the number in RAX that the result has replaced. */
static void restart(struct task *task, struct trap_frame *frame) {
    frame->rip -= SYSCALL_SIZE_BYTES;
    frame->rax = task->call_number;
    task->is_restarted = true;
    task->restart = RESTART_NEVER;
}

/* An interrupted call whose result is EINTR unless it is made again. */
static void settle_call(struct task *task, struct trap_frame *frame,
                        const struct signal_action *handler) {
    bool is_again = task->restart != RESTART_NEVER;
    if (handler) {
        bool is_asked = task->restart == RESTART_IF_ASKED && (handler->flags & ACTION_RESTART);
        is_again = is_asked || task->restart == RESTART_ALWAYS;
    }
    if (is_again) {
        restart(task, frame);
    }
    task->restart = RESTART_NEVER;
}

static void block_for_handler(struct task *task, const struct signal_action *action,
                              unsigned signal) {
    signal_set blocked = task->blocked | action->mask;
    if (!(action->flags & ACTION_NO_DEFER)) {
        blocked |= signal_bit(signal);
    }
    signal_set_blocked(blocked);
}

/* A handler that cannot be called raises SIGSEGV, and one for SIGSEGV ends the process. */
static void fail_to_deliver(unsigned signal) {
    if (signal == SIGNAL_SEGV) {
        process_kill(SIGNAL_SEGV);
    }
    const struct signal_info info = signal_info_from_kernel(SIGNAL_SEGV);
    signal_force(&info);
}

static void call_handler(struct trap_frame *frame, const struct signal_action *action,
                         const struct signal_info *info) {
    struct task *task = task_current();
    unsigned signal = (unsigned)info->signal;
    settle_call(task, frame, action);
    signal_set blocked = task->restores_blocked ? task->saved_blocked : task->blocked;
    task->is_restarted = false;
    rseq_interrupt(frame);
    bool is_stepped = trace_stop_stepping(frame);
    if (signal_frame_push(frame, action, info, blocked) != STATUS_OK) {
        fail_to_deliver(signal);
        return;
    }
    task->restores_blocked = false;
    if (action->flags & ACTION_RESET) {
        const struct signal_action reset = {};
        signal_action_set(task->process, signal, &reset);
    }
    block_for_handler(task, action, signal);
    if (is_stepped) {
        trace_handler_entered(frame);
    }
}

/* Sent by another process while the first one blocked it, and had no handler after all. */
static bool is_spared(const struct signal_info *info) {
    return process_current()->number == 1 && info->code <= CODE_USER && info->code != CODE_TIMER &&
           info->sent.process != 1;
}

static void do_default(const struct signal_info *info) {
    unsigned signal = (unsigned)info->signal;
    if (is_spared(info)) {
        return;
    }
    switch (signal_default(signal)) {
    case SIGNAL_ENDS:
    case SIGNAL_DUMPS:
        process_kill(signal);
    case SIGNAL_STOPS:
        process_stop(signal);
        return;
    case SIGNAL_IGNORED:
    case SIGNAL_CONTINUES:
        return;
    }
}

enum delivery { DELIVERED_NONE, DELIVERED_ONE, DELIVERY_STOPPED };

/* Takes one signal, unless the process has stopped and takes it later. */
static enum delivery deliver_one(struct trap_frame *frame) {
    struct task *task = task_current();
    struct signal_info info;
    if (task_is_to_stop(task)) {
        return DELIVERY_STOPPED;
    }
    unsigned signal = signal_take(~task->blocked, &info);
    if (signal == 0) {
        return DELIVERED_NONE;
    }
    signal = trace_signal(frame, &info);
    if (signal == 0) {
        return DELIVERED_ONE;
    }
    struct signal_action action = signal_action_get(task->process, signal);
    if (action.handler == HANDLER_DEFAULT) {
        do_default(&info);
    } else if (action.handler != HANDLER_IGNORE) {
        call_handler(frame, &action, &info);
    }
    return DELIVERED_ONE;
}

/* Until none is left. A stop is lived through first, since what comes after it may have a handler:
 * only then is it known what becomes of the call. */
static void deliver_all(struct trap_frame *frame) {
    enum delivery last;
    process_obey(frame);
    while ((last = deliver_one(frame)) != DELIVERED_NONE) {
        if (last == DELIVERY_STOPPED) {
            process_obey(frame);
        }
    }
}

static void put_mask_back(struct task *task) {
    if (task->restores_blocked) {
        task->restores_blocked = false;
        signal_set_blocked(task->saved_blocked);
    }
}

/* What comes after the look at the queues sets has_work again, so that nothing is overlooked. */
void task_before_user(struct trap_frame *frame) {
    struct task *task = task_current();
    task->frame = frame;
    rseq_settle(frame);
    while (task_has_work(task)) {
        __atomic_store_n(&task->has_work, false, __ATOMIC_SEQ_CST);
        cpu_timers_check();
        deliver_all(frame);
        settle_call(task, frame, nullptr);
        put_mask_back(task);
    }
}
