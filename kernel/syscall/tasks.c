#include "kernel/process/groups.h"
#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "kernel/process/wait.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/resources.h"
#include "kernel/syscall/times.h"
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

int64_t call_clone(const struct trap_frame *frame) {
    const struct clone_request request = {
        .flags = (uint32_t)frame->rdi & ~EXIT_SIGNAL,
        .exit_signal = (uint32_t)(frame->rdi & EXIT_SIGNAL),
        .stack = frame->rsi,
        .parent_id_address = frame->rdx,
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
    if (number == 0) {
        return process_current();
    }
    struct id *id = id_find(number);
    return id ? id->process : nullptr;
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

static int64_t store_usage(uint64_t address, const struct process_times *times) {
    const struct resource_usage usage = resource_usage_of(times);
    return address != 0 ? copy_out(address, &usage, sizeof(usage)) : 0;
}

/* man 2 wait4's first argument: -1 any, 0 the own group, below that a group. */
static void choose_children(int32_t number, struct wait_request *request) {
    if (number > 0) {
        request->what = WAIT_FOR_PROCESS;
        request->number = (uint32_t)number;
    } else if (number == 0) {
        request->what = WAIT_FOR_GROUP;
        tree_lock();
        request->number = process_current()->group->number;
        tree_unlock();
    } else if (number < -1) {
        request->what = WAIT_FOR_GROUP;
        request->number = (uint32_t)-number;
    }
}

int64_t call_wait4(const struct trap_frame *frame) {
    constexpr uint32_t known =
        WAIT_NO_HANG | WAIT_STOPPED | WAIT_CONTINUED | WAIT_OWN | WAIT_ALL | WAIT_CLONE;
    uint32_t options = (uint32_t)frame->rdx;
    int32_t number = (int32_t)frame->rdi;
    if (options & ~known) {
        return STATUS_INVALID;
    }
    if (number == INT32_MIN) {
        return STATUS_NO_SUCH_PROCESS;
    }
    struct wait_request request = {.what = WAIT_FOR_ANY, .options = options | WAIT_ENDED};
    choose_children(number, &request);
    struct wait_result result;
    enum status status = process_wait(&request, &result);
    if (status != STATUS_OK || result.number == 0) {
        return status;
    }
    int32_t word = wait_status_word(&result);
    if (frame->rsi != 0 && copy_out(frame->rsi, &word, sizeof(word)) != 0) {
        return STATUS_FAULT;
    }
    return store_usage(frame->r10, &result.times) == 0 ? (int64_t)result.number : STATUS_FAULT;
}

enum wait_id_type : uint32_t { ID_ALL = 0, ID_PROCESS = 1, ID_GROUP = 2 };

static int64_t choose_by_type(uint32_t type, int32_t number, struct wait_request *request) {
    switch (type) {
    case ID_ALL:
        request->what = WAIT_FOR_ANY;
        return 0;
    case ID_PROCESS:
        request->what = WAIT_FOR_PROCESS;
        request->number = (uint32_t)number;
        return number > 0 ? 0 : STATUS_INVALID;
    case ID_GROUP:
        if (number == 0) {
            choose_children(0, request);
            return 0;
        }
        request->what = WAIT_FOR_GROUP;
        request->number = (uint32_t)number;
        return number > 0 ? 0 : STATUS_INVALID;
    default:
        return STATUS_INVALID;
    }
}

/* waitid writes all but the times, and zeroes where nothing is to be told. */
static int64_t store_child(uint64_t address, const struct wait_result *result) {
    struct signal_info info = {};
    if (result->number != 0) {
        info.signal = SIGNAL_CHLD;
        info.code = result->code;
        info.child.process = result->number;
        info.child.user = result->user;
        info.child.status = result->status;
    }
    return address != 0 ? copy_out(address, &info, sizeof(info)) : 0;
}

int64_t call_waitid(const struct trap_frame *frame) {
    constexpr uint32_t known = WAIT_NO_HANG | WAIT_STOPPED | WAIT_ENDED | WAIT_CONTINUED |
                               WAIT_KEEP | WAIT_OWN | WAIT_ALL | WAIT_CLONE;
    uint32_t options = (uint32_t)frame->r10;
    if ((options & ~known) || !(options & (WAIT_ENDED | WAIT_STOPPED | WAIT_CONTINUED))) {
        return STATUS_INVALID;
    }
    struct wait_request request = {.options = options};
    int64_t status = choose_by_type((uint32_t)frame->rdi, (int32_t)frame->rsi, &request);
    struct wait_result result;
    if (status == 0) {
        status = process_wait(&request, &result);
    }
    if (status != 0) {
        return status;
    }
    if (store_usage(frame->r8, &result.times) != 0) {
        return STATUS_FAULT;
    }
    return store_child(frame->rdx, &result);
}
