#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/schedule.h"

/* Nice values: man 2 getpriority. */

/* Whom man 2 getpriority means, and what came of asking or telling them. */
struct priority_request {
    void (*visit)(struct priority_request *request, struct process *process);
    uint32_t which, number;
    int32_t nice;   /* to be set; or the lowest that was found */
    int64_t status; /* STATUS_NO_SUCH_PROCESS until somebody was found */
};

enum priority_of : uint32_t { PRIORITY_PROCESS, PRIORITY_GROUP, PRIORITY_USER };

constexpr int64_t NICE_RETURNED = 20; /* what getpriority adds is 20 - nice */

static void read_nice(struct priority_request *request,
                      struct process *process) NO_CAPABILITY_CHECK {
    bool is_first = request->status != STATUS_OK;
    request->nice = is_first || process->nice < request->nice ? process->nice : request->nice;
    request->status = STATUS_OK;
}

/* Where it works for one and not for another, what came last is said, as on Linux. */
static void write_nice(struct priority_request *request,
                       struct process *process) NO_CAPABILITY_CHECK {
    if (!may_schedule(process)) {
        request->status = STATUS_NOT_PERMITTED;
    } else if (request->nice < process->nice && !may_be_nice(process, request->nice)) {
        request->status = STATUS_ACCESS_DENIED;
    } else {
        process->nice = request->nice;
        request->status = request->status == STATUS_NO_SUCH_PROCESS ? STATUS_OK : request->status;
    }
}

static void visit_group(struct priority_request *request) REQUIRES(process_tree) {
    struct id *group = request->number != 0 ? id_find(request->number) : process_current()->group;
    if (!group) {
        return;
    }
    struct list_node *members = &group->groupers;
    for (struct list_node *at = members->next; at != members; at = at->next) {
        request->visit(request, LIST_ENTRY(at, struct process, of_group));
    }
}

static void visit_user(void *context, struct process *process) NO_CAPABILITY_CHECK {
    struct priority_request *request = context;
    uint32_t own = process_current()->credentials.real_user;
    if (process->credentials.real_user == (request->number != 0 ? request->number : own)) {
        request->visit(request, process);
    }
}

static int64_t for_each_meant(struct priority_request *request) {
    request->status = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    struct process *process;
    switch ((enum priority_of)request->which) {
    case PRIORITY_PROCESS:
        process = request->number != 0 ? process_find(request->number) : process_current();
        if (process) {
            request->visit(request, process);
        }
        break;
    case PRIORITY_GROUP:
        visit_group(request);
        break;
    case PRIORITY_USER:
        process_for_each(visit_user, request);
        break;
    }
    tree_unlock();
    return request->status;
}

int64_t call_getpriority(const struct trap_frame *frame) {
    struct priority_request request = {
        .visit = read_nice,
        .which = (uint32_t)frame->rdi,
        .number = (uint32_t)frame->rsi,
    };
    if (request.which > PRIORITY_USER) {
        return STATUS_INVALID;
    }
    int64_t status = for_each_meant(&request);
    return status == STATUS_OK ? NICE_RETURNED - request.nice : status;
}

int64_t call_setpriority(const struct trap_frame *frame) {
    int32_t nice = (int32_t)frame->rdx;
    struct priority_request request = {
        .visit = write_nice,
        .which = (uint32_t)frame->rdi,
        .number = (uint32_t)frame->rsi,
        .nice = nice < NICE_MIN   ? NICE_MIN
                : nice > NICE_MAX ? NICE_MAX
                                  : nice,
    };
    return request.which > PRIORITY_USER ? STATUS_INVALID : for_each_meant(&request);
}
