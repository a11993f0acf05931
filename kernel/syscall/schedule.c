#include "kernel/syscall/schedule.h"

#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/times.h"
#include "kernel/syscall/user.h"
#include "kernel/syscall/versioned.h"
#include "kernel/thread/thread.h"
#include "mm/addr/addr.h"

/* How threads share the CPU (man 7 sched). Without a real-time policy they take turns alike, and
 * nice values are remembered and mean nothing. SCHED_DEADLINE is not there, whoever asks. */

constexpr uint64_t CPU_SET_SIZE = sizeof(uint64_t); /* what Linux returns for up to 64 CPUs */
constexpr uint64_t TURN_NS = 4'000'000;
constexpr uint64_t REALTIME_TURN_NS = 100'000'000;

/* Whose thread it is, which may have ended; 0 is the caller's. Null: nobody's. */
static const struct process *owner_of(uint32_t number) REQUIRES(process_tree) {
    return number != 0 ? process_find(number) : process_current();
}

static bool thread_exists(uint32_t number) {
    tree_lock();
    bool exists = owner_of(number) != nullptr;
    tree_unlock();
    return exists;
}

static enum status may_place(uint32_t number) {
    tree_lock();
    const struct process *process = owner_of(number);
    enum status status = process ? STATUS_OK : STATUS_NO_SUCH_PROCESS;
    if (process && !may_schedule(process)) {
        status = STATUS_NOT_PERMITTED;
    }
    tree_unlock();
    return status;
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
    enum status status = may_place((uint32_t)frame->rdi);
    if (status != STATUS_OK) {
        return status;
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

constexpr int32_t RESET_ON_FORK = 0x40000000; /* SCHED_RESET_ON_FORK */

struct task *scheduled_task(uint32_t number) {
    struct id *id = number != 0 ? id_find(number) : task_current()->id;
    return id ? id->task : nullptr;
}

bool may_schedule(const struct process *process) {
    uint32_t own = process_current()->credentials.effective_user;
    const struct process_credentials *other = &process->credentials;
    return own == 0 || own == other->effective_user || own == other->real_user;
}

bool may_be_nice(const struct process *process, int32_t nice) {
    uint64_t limit = process->limits[RESOURCE_NICE].soft;
    return process_has_capabilities() || (uint64_t)(NICE_MAX + 1 - nice) <= limit;
}

int64_t call_sched_getscheduler(const struct trap_frame *frame) {
    if ((int32_t)frame->rdi < 0) {
        return STATUS_INVALID;
    }
    tree_lock();
    const struct task *task = scheduled_task((uint32_t)frame->rdi);
    /* One that has ended, and is not waited for, has the usual one. */
    int64_t policy = process_find((uint32_t)frame->rdi) ? POLICY_OTHER : STATUS_NO_SUCH_PROCESS;
    if (task) {
        policy = task->scheduling.policy | (task->scheduling.resets_on_fork ? RESET_ON_FORK : 0);
    }
    tree_unlock();
    return policy;
}

/* What a thread is to have; a nice value of KEEP_NICE stays. */
struct wish {
    int32_t policy, priority, nice;
    bool resets_on_fork;
    bool keeps_priority;
    uint64_t runtime_ns, deadline_ns, period_ns; /* of POLICY_DEADLINE */
};

constexpr int32_t KEEP_NICE = INT32_MIN;
constexpr int32_t KEEP_POLICY = -1;

/* Times that a deadline can have, in the limits of /proc/sys/kernel/sched_deadline_period. */
static bool has_deadline(const struct wish *wish) {
    constexpr uint64_t runtime_least = 1024;
    constexpr uint64_t period_least = 100'000;
    constexpr uint64_t period_most = 4'194'304'000;
    uint64_t period = wish->period_ns != 0 ? wish->period_ns : wish->deadline_ns;
    return wish->runtime_ns >= runtime_least && wish->runtime_ns <= wish->deadline_ns &&
           wish->deadline_ns <= period && period >= period_least && period <= period_most;
}

static int64_t check_policy(const struct wish *wish) {
    if (!is_policy(wish->policy)) {
        return STATUS_INVALID;
    }
    if (is_realtime(wish->policy)) {
        bool is_valid = wish->priority >= 1 && wish->priority <= REALTIME_PRIORITY_MAX;
        return is_valid ? STATUS_OK : STATUS_INVALID;
    }
    if (wish->priority != 0) {
        return STATUS_INVALID;
    }
    if (wish->policy == POLICY_DEADLINE) {
        return has_deadline(wish) ? STATUS_NOT_PERMITTED : STATUS_INVALID;
    }
    return STATUS_OK;
}

/* RLIMIT_RTPRIO: how far one may go without a capability. */
static bool may_be_realtime(const struct task *task, const struct wish *wish)
    REQUIRES(process_tree) {
    uint64_t limit = task->process->limits[RESOURCE_REALTIME_PRIORITY].soft;
    bool comes_anew = wish->policy != task->scheduling.policy && limit == 0;
    bool is_higher = wish->priority > task->scheduling.priority && (uint64_t)wish->priority > limit;
    return process_has_capabilities() || (!comes_anew && !is_higher);
}

/* In the order of Linux: who leaves SCHED_IDLE or SCHED_RESET_ON_FORK gains by it. */
static int64_t check_gain(const struct task *task, const struct wish *wish) REQUIRES(process_tree) {
    const struct process *process = task->process;
    const struct task_scheduling *before = &task->scheduling;
    bool is_lower = wish->nice != KEEP_NICE && wish->nice < process->nice;
    if (is_lower && !may_be_nice(process, wish->nice)) {
        return STATUS_NOT_PERMITTED;
    }
    if (is_realtime(wish->policy) && !may_be_realtime(task, wish)) {
        return STATUS_NOT_PERMITTED;
    }
    bool leaves_idle = before->policy == POLICY_IDLE && wish->policy != POLICY_IDLE;
    if (leaves_idle && !may_be_nice(process, process->nice)) {
        return STATUS_NOT_PERMITTED;
    }
    bool stops_resetting = before->resets_on_fork && !wish->resets_on_fork;
    bool is_refused = !may_schedule(process) || (stops_resetting && !process_has_capabilities());
    return is_refused ? STATUS_NOT_PERMITTED : STATUS_OK;
}

/* The wish with what stays as it is. */
static struct wish complete(const struct task *task, struct wish wish) REQUIRES(process_tree) {
    wish.policy = wish.policy == KEEP_POLICY ? task->scheduling.policy : wish.policy;
    wish.priority = wish.keeps_priority ? task->scheduling.priority : wish.priority;
    return wish;
}

static void carry_out(struct task *task, const struct wish *wish) REQUIRES(process_tree) {
    task->scheduling = (struct task_scheduling){
        .policy = wish->policy,
        .priority = wish->priority,
        .resets_on_fork = wish->resets_on_fork,
    };
    task->process->nice = wish->nice != KEEP_NICE ? wish->nice : task->process->nice;
    thread_set_priority(task->thread, (unsigned)wish->priority, wish->policy == POLICY_FIFO);
}

static int64_t grant(uint32_t number, const struct wish *asked) {
    tree_lock();
    struct task *task = scheduled_task(number);
    int64_t status = STATUS_NO_SUCH_PROCESS;
    if (task) {
        const struct wish wish = complete(task, *asked);
        status = check_policy(&wish);
        status = status == STATUS_OK ? check_gain(task, &wish) : status;
        if (status == STATUS_OK) {
            carry_out(task, &wish);
        }
    }
    tree_unlock();
    return status;
}

static int64_t set_policy(uint32_t number, struct wish *wish, uint64_t address) {
    if (address == 0 || (int32_t)number < 0) {
        return STATUS_INVALID;
    }
    if (copy_in(&wish->priority, address, sizeof(wish->priority)) != 0) {
        return STATUS_FAULT;
    }
    return grant(number, wish);
}

int64_t call_sched_setscheduler(const struct trap_frame *frame) {
    int32_t policy = (int32_t)frame->rsi;
    struct wish wish = {
        .policy = policy & ~RESET_ON_FORK,
        .nice = KEEP_NICE,
        .resets_on_fork = (policy & RESET_ON_FORK) != 0,
    };
    return policy < 0 ? STATUS_INVALID : set_policy((uint32_t)frame->rdi, &wish, frame->rdx);
}

int64_t call_sched_setparam(const struct trap_frame *frame) {
    struct wish wish = {.policy = KEEP_POLICY, .nice = KEEP_NICE};
    return set_policy((uint32_t)frame->rdi, &wish, frame->rsi);
}

/* struct sched_attr of man 2 sched_setattr. */
struct scheduling_attributes {
    uint32_t size_bytes, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime, deadline, period;
    uint32_t utilisation_min, utilisation_max;
};

constexpr uint32_t ATTRIBUTES_SIZE_FIRST = 48; /* of the first version */
constexpr uint64_t ATTRIBUTE_RESET = 1;        /* SCHED_FLAG_RESET_ON_FORK */
constexpr uint64_t ATTRIBUTE_KEEP_POLICY = 8;
constexpr uint64_t ATTRIBUTE_KEEP_PARAMETERS = 16;
constexpr uint64_t ATTRIBUTES_KNOWN = 0x7f;

/* What is too long says how much is known, where it can be said. */
static int64_t refuse_size(uint64_t address) {
    const uint32_t known = sizeof(struct scheduling_attributes);
    (void)copy_out(address, &known, sizeof(known));
    return STATUS_TOO_LONG;
}

static int64_t read_attributes(uint64_t address, struct scheduling_attributes *attributes) {
    uint32_t size_bytes;
    *attributes = (struct scheduling_attributes){};
    if (copy_in(&size_bytes, address, sizeof(size_bytes)) != 0) {
        return STATUS_FAULT;
    }
    size_bytes = size_bytes != 0 ? size_bytes : ATTRIBUTES_SIZE_FIRST;
    if (size_bytes < ATTRIBUTES_SIZE_FIRST || size_bytes > PAGE_SIZE) {
        return refuse_size(address);
    }
    int64_t status = copy_in_versioned(attributes, sizeof(*attributes), address, size_bytes);
    return status == STATUS_TOO_LONG ? refuse_size(address) : status;
}

int64_t call_sched_setattr(const struct trap_frame *frame) {
    struct scheduling_attributes attributes;
    if (frame->rsi == 0 || (int32_t)frame->rdi < 0 || (uint32_t)frame->rdx != 0) {
        return STATUS_INVALID;
    }
    int64_t status = read_attributes(frame->rsi, &attributes);
    if (status != 0) {
        return status;
    }
    if ((int32_t)attributes.policy < 0 || (attributes.flags & ~ATTRIBUTES_KNOWN)) {
        return STATUS_INVALID;
    }
    int32_t nice = attributes.nice < NICE_MIN ? NICE_MIN : attributes.nice;
    bool keeps_parameters = (attributes.flags & ATTRIBUTE_KEEP_PARAMETERS) != 0;
    bool keeps_policy = (attributes.flags & ATTRIBUTE_KEEP_POLICY) != 0;
    const struct wish wish = {
        .policy = keeps_policy ? KEEP_POLICY : (int32_t)attributes.policy,
        .priority = (int32_t)attributes.priority,
        .nice = keeps_parameters ? KEEP_NICE : (nice > NICE_MAX ? NICE_MAX : nice),
        .resets_on_fork = (attributes.flags & ATTRIBUTE_RESET) != 0,
        .keeps_priority = keeps_parameters,
        .runtime_ns = attributes.runtime,
        .deadline_ns = attributes.deadline,
        .period_ns = attributes.period,
    };
    return grant((uint32_t)frame->rdi, &wish);
}

int64_t call_sched_getattr(const struct trap_frame *frame) {
    uint32_t room = (uint32_t)frame->rdx;
    if (frame->rsi == 0 || (int32_t)frame->rdi < 0 || room > PAGE_SIZE ||
        room < ATTRIBUTES_SIZE_FIRST || (uint32_t)frame->r10 != 0) {
        return STATUS_INVALID;
    }
    struct scheduling_attributes attributes = {};
    attributes.size_bytes = room < sizeof(attributes) ? room : sizeof(attributes);
    tree_lock();
    const struct task *task = scheduled_task((uint32_t)frame->rdi);
    if (task) {
        attributes.policy = (uint32_t)task->scheduling.policy;
        attributes.flags = task->scheduling.resets_on_fork ? ATTRIBUTE_RESET : 0;
        attributes.priority = (uint32_t)task->scheduling.priority;
        attributes.nice = is_realtime(task->scheduling.policy) ? 0 : task->process->nice;
    }
    tree_unlock();
    return task ? copy_out(frame->rsi, &attributes, attributes.size_bytes) : STATUS_NO_SUCH_PROCESS;
}

/* All zeroes for one that has ended, and is not waited for. Errors: STATUS_NO_SUCH_PROCESS. */
static enum status scheduling_of(uint32_t number, struct task_scheduling *scheduling) {
    *scheduling = (struct task_scheduling){};
    if (!thread_exists(number)) {
        return STATUS_NO_SUCH_PROCESS;
    }
    tree_lock();
    const struct task *task = scheduled_task(number);
    if (task) {
        *scheduling = task->scheduling;
    }
    tree_unlock();
    return STATUS_OK;
}

int64_t call_sched_getparam(const struct trap_frame *frame) {
    struct task_scheduling scheduling;
    if (frame->rsi == 0 || (int32_t)frame->rdi < 0) {
        return STATUS_INVALID;
    }
    enum status status = scheduling_of((uint32_t)frame->rdi, &scheduling);
    return status == STATUS_OK
               ? copy_out(frame->rsi, &scheduling.priority, sizeof(scheduling.priority))
               : status;
}

int64_t call_sched_rr_get_interval(const struct trap_frame *frame) {
    struct task_scheduling scheduling;
    if ((int32_t)frame->rdi < 0) {
        return STATUS_INVALID;
    }
    enum status status = scheduling_of((uint32_t)frame->rdi, &scheduling);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t turn_ns = scheduling.policy == POLICY_ROUND_ROBIN ? REALTIME_TURN_NS : TURN_NS;
    const struct time_spec interval = time_spec_of(scheduling.policy == POLICY_FIFO ? 0 : turn_ns);
    return copy_out(frame->rsi, &interval, sizeof(interval));
}
