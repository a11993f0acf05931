#include "kernel/process/signals.h"

#include "kernel/clock/sleep.h"
#include "kernel/process/groups.h"
#include "kernel/process/rights.h"
#include "kernel/process/signal_frame.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"

/* Signals: what they do, who sends them, who waits for them. */

constexpr uint64_t SET_SIZE = sizeof(signal_set);
constexpr uint64_t ACTION_KNOWN = ACTION_NO_CHILD_STOP | ACTION_NO_CHILD_WAIT | ACTION_INFO |
                                  ACTION_RESTORER | ACTION_ON_STACK | ACTION_RESTART |
                                  ACTION_NO_DEFER | ACTION_RESET;

int64_t call_rt_sigaction(const struct trap_frame *frame) {
    struct process *process = process_current();
    unsigned signal = (unsigned)frame->rdi;
    struct signal_action next;
    if (frame->r10 != SET_SIZE) {
        return STATUS_INVALID;
    }
    if (frame->rsi != 0 && copy_in(&next, frame->rsi, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    bool is_fixed = signal == SIGNAL_KILL || signal == SIGNAL_STOP;
    if (!signal_is_valid(signal) || (frame->rsi != 0 && is_fixed)) {
        return STATUS_INVALID;
    }
    struct signal_action before = signal_action_get(process, signal);
    if (frame->rsi != 0) {
        next.flags &= ACTION_KNOWN;
        signal_action_set(process, signal, &next);
    }
    return frame->rdx != 0 ? copy_out(frame->rdx, &before, sizeof(before)) : 0;
}

enum mask_change : uint32_t { MASK_BLOCK, MASK_UNBLOCK, MASK_SET };

int64_t call_rt_sigprocmask(const struct trap_frame *frame) {
    signal_set before = task_current()->blocked;
    signal_set change;
    if (frame->r10 != SET_SIZE) {
        return STATUS_INVALID;
    }
    if (frame->rsi != 0) {
        if (copy_in(&change, frame->rsi, sizeof(change)) != 0) {
            return STATUS_FAULT;
        }
        switch ((uint32_t)frame->rdi) {
        case MASK_BLOCK:
            signal_set_blocked(before | change);
            break;
        case MASK_UNBLOCK:
            signal_set_blocked(before & ~change);
            break;
        case MASK_SET:
            signal_set_blocked(change);
            break;
        default:
            return STATUS_INVALID;
        }
    }
    return frame->rdx != 0 ? copy_out(frame->rdx, &before, sizeof(before)) : 0;
}

int64_t call_rt_sigpending(const struct trap_frame *frame) {
    signal_set set = signal_pending_set() & task_current()->blocked;
    if (frame->rsi > SET_SIZE) {
        return STATUS_INVALID;
    }
    return copy_out(frame->rdi, &set, frame->rsi);
}

/* Sleeps until a signal has come that is not blocked. */
static enum status wait_for_signal(void) {
    struct sleeper sleeper;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        sleeper_prepare(&sleeper);
        status = sleeper_sleep(&sleeper);
    }
    return status;
}

int64_t call_pause(const struct trap_frame *frame) {
    (void)frame;
    return wait_for_signal();
}

int64_t call_rt_sigsuspend(const struct trap_frame *frame) {
    signal_set set;
    if (frame->rsi != SET_SIZE) {
        return STATUS_INVALID;
    }
    if (copy_in(&set, frame->rdi, sizeof(set)) != 0) {
        return STATUS_FAULT;
    }
    signal_set before = task_current()->blocked;
    signal_set_blocked(set);
    enum status status = wait_for_signal();
    signal_restore_blocked_later(before);
    return status;
}

static enum status await(struct task *task, signal_set set, uint64_t deadline,
                         struct signal_info *info, unsigned *signal) {
    struct sleeper sleeper;
    struct alarm alarm;
    enum status status = STATUS_OK;
    sleeper_prepare(&sleeper);
    signals_lock(task->process);
    task->awaited = set;
    signals_unlock(task->process);
    alarm_begin(&alarm, &sleeper, deadline);
    while ((*signal = signal_take(set, info)) == 0 && status == STATUS_OK) {
        if (alarm_has_rung(&alarm)) {
            status = STATUS_TRY_AGAIN;
            break;
        }
        status = sleeper_sleep(&sleeper);
        sleeper_prepare(&sleeper);
    }
    alarm_end(&alarm);
    signals_lock(task->process);
    task->awaited = 0;
    signals_unlock(task->process);
    return status;
}

int64_t call_rt_sigtimedwait(const struct trap_frame *frame) {
    signal_set set;
    uint64_t deadline;
    if (frame->r10 != SET_SIZE) {
        return STATUS_INVALID;
    }
    if (copy_in(&set, frame->rdi, sizeof(set)) != 0) {
        return STATUS_FAULT;
    }
    enum status status = deadline_from_user(frame->rdx, &deadline);
    if (status != STATUS_OK) {
        return status;
    }
    struct signal_info info;
    unsigned signal;
    status = await(task_current(), set & ~SIGNALS_UNBLOCKABLE, deadline, &info, &signal);
    if (signal == 0) {
        return status;
    }
    if (frame->rsi != 0 && copy_out(frame->rsi, &info, sizeof(info)) != 0) {
        return STATUS_FAULT;
    }
    return signal;
}

int64_t call_sigaltstack(const struct trap_frame *frame) {
    struct task *task = task_current();
    struct signal_stack next;
    struct signal_stack before = task->signal_stack;
    bool is_in_use = signal_stack_is_in_use(task, frame->rsp);
    before.flags |= is_in_use ? STACK_IN_USE : 0;
    if (frame->rdi != 0) {
        if (copy_in(&next, frame->rdi, sizeof(next)) != 0) {
            return STATUS_FAULT;
        }
        uint32_t mode = next.flags & ~STACK_AUTODISARM;
        if (is_in_use) {
            return STATUS_NOT_PERMITTED;
        }
        if (mode != 0 && mode != STACK_IN_USE && mode != STACK_DISABLED) {
            return STATUS_INVALID;
        }
        if (mode != STACK_DISABLED && next.size_bytes < STACK_SIZE_MIN) {
            return STATUS_NO_MEMORY;
        }
        if (mode == STACK_DISABLED) {
            next.start = 0;
            next.size_bytes = 0;
        }
        next.flags &= ~STACK_IN_USE;
        task->signal_stack = next;
    }
    return frame->rsi != 0 ? copy_out(frame->rsi, &before, sizeof(before)) : 0;
}

int64_t call_rt_sigreturn(const struct trap_frame *unused) {
    (void)unused;
    struct task *task = task_current();
    signal_set blocked;
    task->has_set_frame = true;
    task->call_number = UINT64_MAX; /* what it returns to is in no call */
    if (signal_frame_pop(task->frame, &blocked) != STATUS_OK) {
        const struct signal_info info = signal_info_from_kernel(SIGNAL_SEGV);
        signal_force(&info);
        return 0;
    }
    signal_set_blocked(blocked);
    return 0;
}

/* Signal 0 only asks whether it could be sent. */
static int64_t send(struct process *process, const struct signal_info *info)
    REQUIRES(process_tree) {
    if (!may_signal(process, (unsigned)info->signal)) {
        return STATUS_NOT_PERMITTED;
    }
    return info->signal != 0 ? signal_send(process, info) : STATUS_OK;
}

/* What sending to many comes to: it has worked where it did for one of them. */
struct many {
    const struct signal_info *info;
    unsigned count, sent_count;
    int64_t status;
};

static void send_to_one(struct many *many, struct process *process) REQUIRES(process_tree) {
    int64_t status = send(process, many->info);
    many->count++;
    many->sent_count += status == STATUS_OK;
    many->status = status != STATUS_NOT_PERMITTED ? status : many->status;
}

static int64_t result_of(const struct many *many) {
    if (many->count == 0) {
        return STATUS_NO_SUCH_PROCESS;
    }
    return many->sent_count > 0 ? many->status : STATUS_NOT_PERMITTED;
}

static int64_t send_to_group(struct id *group, const struct signal_info *info)
    REQUIRES(process_tree) {
    struct many many = {.info = info};
    if (group) {
        struct list_node *next;
        for (struct list_node *at = group->groupers.next; at != &group->groupers; at = next) {
            next = at->next;
            send_to_one(&many, LIST_ENTRY(at, struct process, of_group));
        }
    }
    return result_of(&many);
}

static void send_to_other(void *context, struct process *process) NO_CAPABILITY_CHECK {
    if (process->number > 1 && process != process_current()) {
        send_to_one(context, process);
    }
}

static int64_t send_to_all(const struct signal_info *info) REQUIRES(process_tree) {
    struct many many = {.info = info};
    process_for_each(send_to_other, &many);
    return result_of(&many);
}

static int64_t send_to_number(int32_t number, const struct signal_info *info)
    REQUIRES(process_tree) {
    if (number > 0) {
        struct process *process = process_find((uint32_t)number);
        return process ? send(process, info) : STATUS_NO_SUCH_PROCESS;
    }
    if (number == 0) {
        return send_to_group(process_current()->group, info);
    }
    return number == -1 ? send_to_all(info) : send_to_group(id_find((uint32_t)-number), info);
}

int64_t call_kill(const struct trap_frame *frame) {
    int32_t number = (int32_t)frame->rdi;
    unsigned signal = (unsigned)frame->rsi;
    if (signal > SIGNAL_COUNT) {
        return STATUS_INVALID;
    }
    if (number == INT32_MIN) {
        return STATUS_NO_SUCH_PROCESS;
    }
    const struct signal_info info = signal_info_from_user(signal, CODE_USER);
    tree_lock();
    int64_t status = send_to_number(number, &info);
    tree_unlock();
    return status;
}

/* To one thread; `group` 0: of any process. One that has ended takes nothing, but is there until
 * its process is waited for, where it was the first. */
static int64_t send_to_thread(uint32_t group, uint32_t number, const struct signal_info *info) {
    int64_t status = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    struct process *process = process_find(number);
    if (process && (group == 0 || process->number == group)) {
        struct task *task = id_find(number)->task;
        bool is_allowed = may_signal(process, (unsigned)info->signal);
        status = is_allowed ? STATUS_OK : STATUS_NOT_PERMITTED;
        if (is_allowed && info->signal != 0 && task) {
            status = signal_send_to_task(task, info);
        }
    }
    tree_unlock();
    return status;
}

static int64_t check_thread_kill(int32_t group, int32_t number, unsigned signal) {
    return group <= 0 || number <= 0 || signal > SIGNAL_COUNT ? STATUS_INVALID : STATUS_OK;
}

int64_t call_tgkill(const struct trap_frame *frame) {
    unsigned signal = (unsigned)frame->rdx;
    int64_t status = check_thread_kill((int32_t)frame->rdi, (int32_t)frame->rsi, signal);
    if (status != STATUS_OK) {
        return status;
    }
    const struct signal_info info = signal_info_from_user(signal, CODE_TKILL);
    return send_to_thread((uint32_t)frame->rdi, (uint32_t)frame->rsi, &info);
}

int64_t call_tkill(const struct trap_frame *frame) {
    unsigned signal = (unsigned)frame->rsi;
    int64_t status = check_thread_kill(1, (int32_t)frame->rdi, signal);
    if (status != STATUS_OK) {
        return status;
    }
    const struct signal_info info = signal_info_from_user(signal, CODE_TKILL);
    return send_to_thread(0, (uint32_t)frame->rdi, &info);
}

/* Only to itself may a thread say that the kernel or kill sent it. */
static int64_t read_info(uint64_t address, unsigned signal, uint32_t number,
                         struct signal_info *info) {
    if (copy_in(info, address, sizeof(*info)) != 0) {
        return STATUS_FAULT;
    }
    if (signal > SIGNAL_COUNT) {
        return STATUS_INVALID;
    }
    info->signal = (int32_t)signal;
    bool is_pretended = info->code >= 0 || info->code == CODE_TKILL;
    return is_pretended && number != task_current()->number ? STATUS_NOT_PERMITTED : STATUS_OK;
}

int64_t call_rt_sigqueueinfo(const struct trap_frame *frame) {
    struct signal_info info;
    int64_t status = read_info(frame->rdx, (unsigned)frame->rsi, (uint32_t)frame->rdi, &info);
    if (status != STATUS_OK) {
        return status;
    }
    tree_lock();
    struct process *process = process_find((uint32_t)frame->rdi);
    status = process ? send(process, &info) : STATUS_NO_SUCH_PROCESS;
    tree_unlock();
    return status;
}

int64_t call_rt_tgsigqueueinfo(const struct trap_frame *frame) {
    struct signal_info info;
    int64_t status =
        check_thread_kill((int32_t)frame->rdi, (int32_t)frame->rsi, (unsigned)frame->rdx);
    if (status == STATUS_OK) {
        status = read_info(frame->r10, (unsigned)frame->rdx, (uint32_t)frame->rsi, &info);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return send_to_thread((uint32_t)frame->rdi, (uint32_t)frame->rsi, &info);
}
