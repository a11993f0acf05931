#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/schedule.h"

/* Nice values: man 2 getpriority. */

/* Whom man 2 getpriority means, and what came of asking or telling them. */
struct priority_request {
    uint32_t which, number, user;
    const struct id *group;
    int32_t nice;   /* to be set; or the lowest that was found */
    int64_t status; /* STATUS_NO_SUCH_PROCESS until somebody was found */
};

enum priority_of : uint32_t { PRIORITY_PROCESS, PRIORITY_GROUP, PRIORITY_USER };

constexpr int64_t NICE_RETURNED = 20; /* what getpriority adds is 20 - nice */

static bool is_meant(const struct priority_request *request, struct process *process)
    REQUIRES(process_tree) {
    switch ((enum priority_of)request->which) {
    case PRIORITY_PROCESS:
        return process ==
               (request->number != 0 ? process_find(request->number) : process_current());
    case PRIORITY_GROUP:
        return process->group == request->group;
    case PRIORITY_USER:
        return process->credentials.real_user == request->user;
    }
    return false;
}

static void read_nice(void *context, struct process *process) NO_CAPABILITY_CHECK {
    struct priority_request *request = context;
    if (is_meant(request, process)) {
        bool is_first = request->status != STATUS_OK;
        request->nice = is_first || process->nice < request->nice ? process->nice : request->nice;
        request->status = STATUS_OK;
    }
}

/* Where it works for one and not for another, what came last is said, as on Linux. */
static void write_nice(void *context, struct process *process) NO_CAPABILITY_CHECK {
    struct priority_request *request = context;
    if (!is_meant(request, process)) {
        return;
    }
    if (!may_schedule(process)) {
        request->status = STATUS_NOT_PERMITTED;
    } else if (request->nice < process->nice && !may_be_nice(process, request->nice)) {
        request->status = STATUS_ACCESS_DENIED;
    } else {
        process->nice = request->nice;
        request->status = request->status == STATUS_NO_SUCH_PROCESS ? STATUS_OK : request->status;
    }
}

static int64_t for_each_meant(struct priority_request *request,
                              void (*visit)(void *context, struct process *process)) {
    request->status = STATUS_NO_SUCH_PROCESS;
    request->user =
        request->number != 0 ? request->number : process_current()->credentials.real_user;
    tree_lock();
    request->group = request->number != 0 ? id_find(request->number) : process_current()->group;
    process_for_each(visit, request);
    tree_unlock();
    return request->status;
}

int64_t call_getpriority(const struct trap_frame *frame) {
    struct priority_request request = {
        .which = (uint32_t)frame->rdi,
        .number = (uint32_t)frame->rsi,
    };
    if (request.which > PRIORITY_USER) {
        return STATUS_INVALID;
    }
    int64_t status = for_each_meant(&request, read_nice);
    return status == STATUS_OK ? NICE_RETURNED - request.nice : status;
}

int64_t call_setpriority(const struct trap_frame *frame) {
    int32_t nice = (int32_t)frame->rdx;
    struct priority_request request = {
        .which = (uint32_t)frame->rdi,
        .number = (uint32_t)frame->rsi,
        .nice = nice < NICE_MIN   ? NICE_MIN
                : nice > NICE_MAX ? NICE_MAX
                                  : nice,
    };
    return request.which > PRIORITY_USER ? STATUS_INVALID : for_each_meant(&request, write_nice);
}
