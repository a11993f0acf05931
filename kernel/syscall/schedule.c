#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"

/* How threads share the CPU (man 7 sched). All of them take turns alike: the policy is SCHED_OTHER
 * at priority 0; nice values are remembered and mean nothing. */

constexpr uint64_t CPU_SET_SIZE = sizeof(uint64_t); /* what Linux returns for up to 64 CPUs */
constexpr uint64_t TURN_NS = 4'000'000;

static bool thread_exists(uint32_t number) {
    tree_lock();
    struct id *id = id_find(number);
    bool exists = number == 0 || (id && id->task);
    tree_unlock();
    return exists;
}

int64_t call_sched_getaffinity(const struct trap_frame *frame) {
    const uint64_t cpus = 1;
    if (frame->rsi < CPU_SET_SIZE || frame->rsi % CPU_SET_SIZE != 0) {
        return STATUS_INVALID;
    }
    if (!thread_exists((uint32_t)frame->rdi)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    int64_t status = copy_out(frame->rdx, &cpus, sizeof(cpus));
    return status == 0 ? (int64_t)CPU_SET_SIZE : status;
}

int64_t call_sched_setaffinity(const struct trap_frame *frame) {
    uint64_t cpus = 0;
    uint64_t size_bytes = frame->rsi < CPU_SET_SIZE ? frame->rsi : CPU_SET_SIZE;
    if (copy_in(&cpus, frame->rdx, size_bytes) != 0) {
        return STATUS_FAULT;
    }
    if (!thread_exists((uint32_t)frame->rdi)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    return cpus & 1 ? 0 : STATUS_INVALID;
}

enum policy : int32_t {
    POLICY_OTHER = 0,
    POLICY_FIFO = 1,
    POLICY_ROUND_ROBIN = 2,
    POLICY_BATCH = 3,
    POLICY_IDLE = 5,
    POLICY_DEADLINE = 6,
};

constexpr int32_t REALTIME_PRIORITY_MAX = 99;

static bool is_realtime(int32_t policy) {
    return policy == POLICY_FIFO || policy == POLICY_ROUND_ROBIN;
}

static bool is_policy(int32_t policy) {
    return (policy >= POLICY_OTHER && policy <= POLICY_BATCH) || policy == POLICY_IDLE ||
           policy == POLICY_DEADLINE;
}

int64_t call_sched_get_priority_max(const struct trap_frame *frame) {
    int32_t policy = (int32_t)frame->rdi;
    if (!is_policy(policy)) {
        return STATUS_INVALID;
    }
    return is_realtime(policy) ? REALTIME_PRIORITY_MAX : 0;
}

int64_t call_sched_get_priority_min(const struct trap_frame *frame) {
    int32_t policy = (int32_t)frame->rdi;
    if (!is_policy(policy)) {
        return STATUS_INVALID;
    }
    return is_realtime(policy) ? 1 : 0;
}

int64_t call_sched_getscheduler(const struct trap_frame *frame) {
    if ((int32_t)frame->rdi < 0) {
        return STATUS_INVALID;
    }
    return thread_exists((uint32_t)frame->rdi) ? POLICY_OTHER : STATUS_NO_SUCH_PROCESS;
}

/* A policy that is none of the usual ones is not there, whoever asks. */
static int64_t check_policy(int32_t policy, int32_t priority) {
    if (!is_policy(policy) || policy == POLICY_DEADLINE) {
        return STATUS_INVALID;
    }
    if (is_realtime(policy)) {
        bool is_valid = priority >= 1 && priority <= REALTIME_PRIORITY_MAX;
        return is_valid ? STATUS_NOT_PERMITTED : STATUS_INVALID;
    }
    return priority == 0 ? STATUS_OK : STATUS_INVALID;
}

static int64_t set_policy(uint32_t number, int32_t policy, uint64_t address) {
    int32_t priority;
    if (address == 0 || (int32_t)number < 0) {
        return STATUS_INVALID;
    }
    if (copy_in(&priority, address, sizeof(priority)) != 0) {
        return STATUS_FAULT;
    }
    if (!thread_exists(number)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    return check_policy(policy, priority);
}

int64_t call_sched_setscheduler(const struct trap_frame *frame) {
    int32_t policy = (int32_t)frame->rsi;
    return policy < 0 ? STATUS_INVALID : set_policy((uint32_t)frame->rdi, policy, frame->rdx);
}

int64_t call_sched_setparam(const struct trap_frame *frame) {
    return set_policy((uint32_t)frame->rdi, POLICY_OTHER, frame->rsi);
}

int64_t call_sched_getparam(const struct trap_frame *frame) {
    const int32_t priority = 0;
    if (frame->rsi == 0 || (int32_t)frame->rdi < 0) {
        return STATUS_INVALID;
    }
    if (!thread_exists((uint32_t)frame->rdi)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    return copy_out(frame->rsi, &priority, sizeof(priority));
}

int64_t call_sched_rr_get_interval(const struct trap_frame *frame) {
    if ((int32_t)frame->rdi < 0) {
        return STATUS_INVALID;
    }
    if (!thread_exists((uint32_t)frame->rdi)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    const struct time_spec interval = time_spec_of(TURN_NS);
    return copy_out(frame->rsi, &interval, sizeof(interval));
}

enum priority_of : uint32_t { PRIORITY_PROCESS, PRIORITY_GROUP, PRIORITY_USER };

constexpr int64_t NICE_RETURNED = 20; /* what getpriority adds is 20 - nice */

static int64_t check_priority_target(uint32_t which, uint32_t number) {
    if (which > PRIORITY_USER) {
        return STATUS_INVALID;
    }
    if (which == PRIORITY_USER || number == 0) {
        return STATUS_OK;
    }
    tree_lock();
    struct id *id = id_find(number);
    bool exists = id && (which == PRIORITY_PROCESS ? id->task != nullptr
                                                   : !list_is_empty(&id->groupers));
    tree_unlock();
    return exists ? STATUS_OK : STATUS_NO_SUCH_PROCESS;
}

static struct process *find_target(uint32_t which, uint32_t number) REQUIRES(process_tree) {
    struct id *id = number != 0 && which == PRIORITY_PROCESS ? id_find(number) : nullptr;
    return id && id->task ? id->task->process : process_current();
}

int64_t call_getpriority(const struct trap_frame *frame) {
    uint32_t which = (uint32_t)frame->rdi;
    int64_t status = check_priority_target(which, (uint32_t)frame->rsi);
    if (status != STATUS_OK) {
        return status;
    }
    tree_lock();
    int64_t nice = find_target(which, (uint32_t)frame->rsi)->nice;
    tree_unlock();
    return NICE_RETURNED - nice;
}

int64_t call_setpriority(const struct trap_frame *frame) {
    uint32_t which = (uint32_t)frame->rdi;
    int32_t nice = (int32_t)frame->rdx;
    nice = nice < -20 ? -20 : nice > 19 ? 19 : nice;
    int64_t status = check_priority_target(which, (uint32_t)frame->rsi);
    if (status != STATUS_OK) {
        return status;
    }
    tree_lock();
    struct process *process = find_target(which, (uint32_t)frame->rsi);
    bool may_raise = process_current()->credentials.effective_user == 0;
    status = nice < process->nice && !may_raise ? STATUS_ACCESS_DENIED : STATUS_OK;
    if (status == STATUS_OK) {
        process->nice = nice;
    }
    tree_unlock();
    return status;
}
