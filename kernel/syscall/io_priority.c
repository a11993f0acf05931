#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/schedule.h"

/* man 2 ioprio_get: remembered, and without effect, since nothing here waits for a disk. */

enum io_priority_of : uint32_t { IO_OF_PROCESS = 1, IO_OF_GROUP = 2, IO_OF_USER = 3 };

enum io_class : uint32_t { IO_NONE, IO_REAL_TIME, IO_BEST_EFFORT, IO_IDLE };

constexpr uint32_t CLASS_SHIFT = 13;
constexpr uint32_t LEVEL_MASK = 7;
constexpr int32_t POLICY_IDLE = 5; /* SCHED_IDLE */

struct io_request {
    uint32_t which, number, user;
    const struct id *group;
    uint32_t priority; /* to be set, or the best that was found */
    int64_t status;    /* STATUS_NO_SUCH_PROCESS until somebody was found */
};

/* What one has that was given none: by its nice value. */
static uint32_t effective_priority(const struct task *task) REQUIRES(process_tree) {
    if (task->io_priority >> CLASS_SHIFT != IO_NONE) {
        return task->io_priority;
    }
    uint32_t level = (uint32_t)(task->process->nice - NICE_MIN) / 5;
    bool is_idle = task->scheduling.policy == POLICY_IDLE;
    return (is_idle ? IO_IDLE : IO_BEST_EFFORT) << CLASS_SHIFT | level;
}

static void read_one(struct io_request *request, struct task *task) REQUIRES(process_tree) {
    uint32_t priority = effective_priority(task);
    bool is_first = request->status != STATUS_OK;
    request->priority = is_first || priority < request->priority ? priority : request->priority;
    request->status = STATUS_OK;
}

static void write_one(struct io_request *request, struct task *task) REQUIRES(process_tree) {
    if (request->status == STATUS_NOT_PERMITTED) {
        return;
    }
    if (!may_schedule(task->process)) {
        request->status = STATUS_NOT_PERMITTED;
        return;
    }
    task->io_priority = request->priority;
    request->status = STATUS_OK;
}

static bool is_meant(const struct io_request *request, const struct process *process)
    REQUIRES(process_tree) {
    return request->which == IO_OF_GROUP ? process->group == request->group
                                         : process->credentials.real_user == request->user;
}

typedef void io_visit(struct io_request *request, struct task *task);

static void visit_tasks(struct io_request *request, struct process *process, io_visit *visit)
    REQUIRES(process_tree) {
    if (!is_meant(request, process)) {
        return;
    }
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        visit(request, LIST_ENTRY(at, struct task, link));
    }
}

static void read_tasks(void *context, struct process *process) NO_CAPABILITY_CHECK {
    visit_tasks(context, process, read_one);
}

static void write_tasks(void *context, struct process *process) NO_CAPABILITY_CHECK {
    visit_tasks(context, process, write_one);
}

static void find_group_or_user(struct io_request *request) REQUIRES(process_tree) {
    const struct process *current = process_current();
    request->status = STATUS_NO_SUCH_PROCESS;
    request->group = request->number != 0 ? id_find(request->number) : current->group;
    request->user = request->number != 0 ? request->number : current->credentials.real_user;
}

/* What one thread was given is told as it is. */
static void ask(struct io_request *request) REQUIRES(process_tree) {
    if (request->which != IO_OF_PROCESS) {
        process_for_each(read_tasks, request);
        return;
    }
    const struct task *task = scheduled_task(request->number);
    if (task != nullptr) {
        request->priority = task->io_priority;
        request->status = STATUS_OK;
    }
}

static void tell(struct io_request *request) REQUIRES(process_tree) {
    if (request->which != IO_OF_PROCESS) {
        process_for_each(write_tasks, request);
        return;
    }
    struct task *task = scheduled_task(request->number);
    if (task != nullptr) {
        write_one(request, task);
    }
}

static bool is_known(uint32_t which) {
    return which == IO_OF_PROCESS || which == IO_OF_GROUP || which == IO_OF_USER;
}

int64_t call_ioprio_get(const struct trap_frame *frame) {
    struct io_request request = {
        .which = (uint32_t)frame->rdi,
        .number = (uint32_t)frame->rsi,
    };
    if (!is_known(request.which)) {
        return STATUS_INVALID;
    }
    tree_lock();
    find_group_or_user(&request);
    ask(&request);
    tree_unlock();
    return request.status == STATUS_OK ? (int64_t)request.priority : request.status;
}

static enum status check_priority(uint32_t priority) {
    switch (priority >> CLASS_SHIFT) {
    case IO_NONE:
        return priority & LEVEL_MASK ? STATUS_INVALID : STATUS_OK;
    case IO_REAL_TIME:
        return process_has_capabilities() ? STATUS_OK : STATUS_NOT_PERMITTED;
    case IO_BEST_EFFORT:
    case IO_IDLE:
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

int64_t call_ioprio_set(const struct trap_frame *frame) {
    struct io_request request = {
        .which = (uint32_t)frame->rdi,
        .number = (uint32_t)frame->rsi,
        .priority = (uint32_t)frame->rdx & UINT16_MAX,
    };
    enum status status = check_priority((uint32_t)frame->rdx);
    if (status == STATUS_OK && !is_known(request.which)) {
        status = STATUS_INVALID;
    }
    if (status != STATUS_OK) {
        return status;
    }
    tree_lock();
    find_group_or_user(&request);
    tell(&request);
    tree_unlock();
    return request.status;
}
