#include "kernel/process/groups.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/user.h"
#include "kernel/syscall/versioned.h"
#include "mm/addr/layout.h"

/* Processes and threads: how they come, change and go. */

constexpr uint64_t EXIT_SIGNAL = 0xff; /* of clone's flags */

int64_t call_fork(const struct trap_frame *frame) {
    const struct clone_request request = {.exit_signal = SIGNAL_CHLD};
    return task_clone(frame, &request);
}

int64_t call_vfork(const struct trap_frame *frame) {
    const struct clone_request request = {
        .flags = CLONE_VM | CLONE_VFORK,
        .exit_signal = SIGNAL_CHLD,
    };
    return task_clone(frame, &request);
}

/* The pidfd goes where the number would. */
int64_t call_clone(const struct trap_frame *frame) {
    constexpr uint64_t both = CLONE_PIDFD | CLONE_PARENT_SETTID;
    if ((frame->rdi & both) == both) {
        return STATUS_INVALID;
    }
    const struct clone_request request = {
        .flags = (uint32_t)frame->rdi & ~EXIT_SIGNAL,
        .exit_signal = (uint32_t)(frame->rdi & EXIT_SIGNAL),
        .stack = frame->rsi,
        .parent_id_address = frame->rdx,
        .pidfd_address = frame->rdx,
        .child_id_address = frame->r10,
        .thread_pointer = frame->r8,
    };
    return task_clone(frame, &request);
}

/* struct clone_args of man 2 clone. */
struct clone_arguments {
    uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
    uint64_t set_tid, set_tid_size, cgroup;
};

constexpr uint64_t CLONE_ARGUMENTS_SIZE_0 = 64; /* of the first version */

static int64_t check_clone_arguments(const struct clone_arguments *arguments) {
    constexpr uint64_t known = 0x3ffffff00ull & ~CLONE_DETACHED;
    if ((arguments->flags & ~known) || arguments->exit_signal > SIGNAL_COUNT) {
        return STATUS_INVALID;
    }
    if ((arguments->stack == 0) != (arguments->stack_size == 0) ||
        arguments->stack_size > USER_END || arguments->stack > USER_END - arguments->stack_size) {
        return STATUS_INVALID;
    }
    bool has_set_tid = arguments->set_tid != 0 || arguments->set_tid_size != 0;
    bool is_thread = (arguments->flags & (CLONE_THREAD | CLONE_PARENT)) != 0;
    return has_set_tid || (is_thread && arguments->exit_signal != 0) ? STATUS_INVALID : 0;
}

int64_t call_clone3(const struct trap_frame *frame) {
    struct clone_arguments arguments = {};
    if (frame->rsi > PAGE_SIZE) {
        return STATUS_TOO_LONG;
    }
    if (frame->rsi < CLONE_ARGUMENTS_SIZE_0) {
        return STATUS_INVALID;
    }
    int64_t status = copy_in_versioned(&arguments, sizeof(arguments), frame->rdi, frame->rsi);
    if (status == 0) {
        status = check_clone_arguments(&arguments);
    }
    if (status != 0) {
        return status;
    }
    const struct clone_request request = {
        .flags = arguments.flags,
        .exit_signal = (uint32_t)arguments.exit_signal,
        .stack = arguments.stack + arguments.stack_size,
        .parent_id_address = arguments.parent_tid,
        .child_id_address = arguments.child_tid,
        .thread_pointer = arguments.tls,
        .pidfd_address = arguments.pidfd,
    };
    return task_clone(frame, &request);
}

int64_t call_exit(const struct trap_frame *frame) {
    task_exit((unsigned)frame->rdi);
}

int64_t call_exit_group(const struct trap_frame *frame) {
    process_exit((unsigned)frame->rdi);
}

int64_t call_getpid(const struct trap_frame *frame) {
    (void)frame;
    return process_current()->number;
}

int64_t call_gettid(const struct trap_frame *frame) {
    (void)frame;
    return task_current()->number;
}

int64_t call_getppid(const struct trap_frame *frame) {
    (void)frame;
    tree_lock();
    const struct process *parent = process_current()->parent;
    int64_t number = parent ? parent->number : 0;
    tree_unlock();
    return number;
}

int64_t call_set_tid_address(const struct trap_frame *frame) {
    task_current()->clear_id_address = frame->rdi;
    return task_current()->number;
}

int64_t call_sched_yield(const struct trap_frame *frame) {
    (void)frame;
    thread_yield();
    return 0;
}

int64_t call_setpgid(const struct trap_frame *frame) {
    return process_set_group((uint32_t)frame->rdi, (uint32_t)frame->rsi);
}

/* The process of a number, the current one for 0; null where there is none. */
static struct process *find_process(uint32_t number) REQUIRES(process_tree) {
    return number == 0 ? process_current() : process_find(number);
}

int64_t call_getpgid(const struct trap_frame *frame) {
    tree_lock();
    const struct process *process = find_process((uint32_t)frame->rdi);
    int64_t number = process ? (int64_t)process->group->number : STATUS_NO_SUCH_PROCESS;
    tree_unlock();
    return number;
}

int64_t call_getpgrp(const struct trap_frame *frame) {
    (void)frame;
    tree_lock();
    int64_t number = process_current()->group->number;
    tree_unlock();
    return number;
}

int64_t call_getsid(const struct trap_frame *frame) {
    tree_lock();
    const struct process *process = find_process((uint32_t)frame->rdi);
    int64_t number = process ? (int64_t)process->session->number : STATUS_NO_SUCH_PROCESS;
    tree_unlock();
    return number;
}

int64_t call_setsid(const struct trap_frame *frame) {
    (void)frame;
    return process_begin_session();
}
