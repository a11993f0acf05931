#include "kernel/syscall/resources.h"

#include "kernel/syscall/calls.h"
#include "kernel/syscall/user.h"

/* What processes may use, and what they have used. */

struct resource_usage resource_usage_of(const struct process_times *times) {
    return (struct resource_usage){
        .user = ticks_to_value(times->user_ticks),
        .kernel = ticks_to_value(times->kernel_ticks),
        .minor_faults = (int64_t)times->minor_faults,
        .voluntary_switches = (int64_t)times->voluntary_switches,
        .involuntary_switches = (int64_t)times->involuntary_switches,
    };
}

enum usage_of : int32_t { USAGE_CHILDREN = -1, USAGE_SELF = 0, USAGE_THREAD = 1 };

int64_t call_getrusage(const struct trap_frame *frame) {
    struct process *process = process_current();
    int32_t who = (int32_t)frame->rdi;
    if (who != USAGE_CHILDREN && who != USAGE_SELF && who != USAGE_THREAD) {
        return STATUS_INVALID;
    }
    tree_lock();
    struct process_times times =
        who == USAGE_CHILDREN ? process->child_times : process_times(process);
    tree_unlock();
    times = who == USAGE_THREAD ? task_times(task_current()) : times;
    const struct resource_usage usage = resource_usage_of(&times);
    return copy_out(frame->rsi, &usage, sizeof(usage));
}

/* Only root may raise a hard limit. */
static int64_t check_change(uint32_t resource, const struct resource_limit *before,
                            const struct resource_limit *next) {
    constexpr uint64_t files_most = 1'048'576; /* fs.nr_open */
    if (next->soft > next->hard) {
        return STATUS_INVALID;
    }
    if (resource == RESOURCE_FILES && next->hard > files_most) {
        return STATUS_NOT_PERMITTED;
    }
    return next->hard > before->hard && !process_has_capabilities() ? STATUS_NOT_PERMITTED
                                                                    : STATUS_OK;
}

/* Reads the limit, and replaces it where `next` is not null. */
static int64_t exchange_limit(struct process *process, uint32_t resource,
                              const struct resource_limit *next, struct resource_limit *before)
    REQUIRES(process_tree) {
    struct resource_limit *limit = &process->limits[resource];
    *before = *limit;
    int64_t status = next ? check_change(resource, before, next) : STATUS_OK;
    if (next && status == STATUS_OK) {
        *limit = *next;
        cpu_timers_watch(process);
    }
    return status;
}

static bool may_change(const struct process *process) REQUIRES(process_tree) {
    const struct process_credentials *own = &process_current()->credentials;
    const struct process_credentials *other = &process->credentials;
    bool is_same = own->real_user == other->real_user && own->real_user == other->effective_user &&
                   own->real_user == other->saved_user;
    return process == process_current() || process_has_capabilities() || is_same;
}

static int64_t limit_of(uint32_t number, uint32_t resource, const struct resource_limit *next,
                        struct resource_limit *before) {
    if (resource >= RESOURCE_COUNT) {
        return STATUS_INVALID;
    }
    tree_lock();
    struct process *process = number != 0 ? process_find(number) : process_current();
    int64_t status = STATUS_NO_SUCH_PROCESS;
    if (process) {
        status = may_change(process) ? exchange_limit(process, resource, next, before)
                                     : STATUS_NOT_PERMITTED;
    }
    tree_unlock();
    return status;
}

int64_t call_prlimit64(const struct trap_frame *frame) {
    struct resource_limit next;
    struct resource_limit before;
    if (frame->rdx != 0 && copy_in(&next, frame->rdx, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    int64_t status = limit_of((uint32_t)frame->rdi, (uint32_t)frame->rsi,
                              frame->rdx != 0 ? &next : nullptr, &before);
    if (status != STATUS_OK || frame->r10 == 0) {
        return status;
    }
    return copy_out(frame->r10, &before, sizeof(before));
}

int64_t call_getrlimit(const struct trap_frame *frame) {
    struct resource_limit limit;
    int64_t status = limit_of(0, (uint32_t)frame->rdi, nullptr, &limit);
    return status == STATUS_OK ? copy_out(frame->rsi, &limit, sizeof(limit)) : status;
}

int64_t call_setrlimit(const struct trap_frame *frame) {
    struct resource_limit next;
    struct resource_limit before;
    if (copy_in(&next, frame->rsi, sizeof(next)) != 0) {
        return STATUS_FAULT;
    }
    return limit_of(0, (uint32_t)frame->rdi, &next, &before);
}
