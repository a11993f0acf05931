#include "kernel/process/lifecycle.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/wait.h"

/* Waiting for tracees: man 2 wait4, man 2 ptrace. */

bool trace_is_by_current(const struct process *process) {
    const struct trace *trace = process->id->trace;
    return trace && trace->tracer->process == process_current();
}

static bool is_meant(const struct wait_request *request, const struct trace *trace)
    REQUIRES(process_tree) {
    const struct id *group = trace->process->group;
    return request->what != WAIT_FOR_GROUP || (group && group->number == request->number);
}

static void describe(const struct trace *trace, int32_t code, uint32_t status,
                     struct wait_result *result) REQUIRES(process_tree) {
    *result = (struct wait_result){
        .number = trace->id->number,
        .user = trace->process->credentials.real_user,
        .code = code,
        .status = (int32_t)status,
        .times = trace->process->ended_times,
    };
}

/* A stop that its tracer has heard of sends no signal on by itself. */
static bool take_stop(struct trace *trace, uint32_t options, struct wait_result *result)
    REQUIRES(process_tree) {
    signals_lock(trace->process);
    bool has_news = trace->has_news && trace->is_stopped && !trace->is_listening;
    if (has_news) {
        describe(trace, CODE_CHILD_TRAPPED, trace->stop_code, result);
    }
    if (has_news && !(options & WAIT_KEEP)) {
        trace->has_news = false;
        trace->signal = 0;
    }
    signals_unlock(trace->process);
    return has_news;
}

static bool take_end(struct trace *trace, uint32_t options, struct wait_result *result,
                     struct list_node *gone, struct list_node *reaped) REQUIRES(process_tree) {
    const struct process_end *end = &trace->end;
    if (!trace->has_ended || !(options & WAIT_ENDED)) {
        return false;
    }
    describe(trace, end->signal ? CODE_CHILD_KILLED : CODE_CHILD_EXITED,
             end->signal ? end->signal : end->exit_code, result);
    if (!(options & WAIT_KEEP)) {
        trace_release_end(trace, gone, reaped);
    }
    return true;
}

static enum status look_at(struct trace *trace, const struct wait_request *request,
                           struct wait_result *result, struct list_node *gone,
                           struct list_node *reaped) REQUIRES(process_tree) {
    if (!is_meant(request, trace)) {
        return STATUS_NO_CHILD;
    }
    bool has_told = take_end(trace, request->options, result, gone, reaped) ||
                    (trace->task && take_stop(trace, request->options, result));
    return has_told ? STATUS_OK : STATUS_TRY_AGAIN;
}

static enum status look_at_all_of(const struct task *tracer, const struct wait_request *request,
                                  struct wait_result *result, struct list_node *gone,
                                  struct list_node *reaped) REQUIRES(process_tree) {
    enum status status = STATUS_NO_CHILD;
    const struct list_node *tracees = &tracer->tracees;
    for (struct list_node *at = tracees->next; at != tracees; at = at->next) {
        enum status one =
            look_at(LIST_ENTRY(at, struct trace, of_tracer), request, result, gone, reaped);
        if (one == STATUS_OK) {
            return STATUS_OK;
        }
        status = one == STATUS_TRY_AGAIN ? STATUS_TRY_AGAIN : status;
    }
    return status;
}

enum status traces_look(const struct wait_request *request, struct wait_result *result,
                        struct list_node *gone, struct list_node *reaped) {
    const struct list_node *tasks = &process_current()->tasks;
    enum status status = STATUS_NO_CHILD;
    for (struct list_node *at = tasks->next; at != tasks; at = at->next) {
        const struct task *task = LIST_ENTRY(at, struct task, link);
        bool is_asked = !(request->options & WAIT_OWN) || task == task_current();
        enum status one =
            is_asked ? look_at_all_of(task, request, result, gone, reaped) : STATUS_NO_CHILD;
        if (one == STATUS_OK) {
            return STATUS_OK;
        }
        status = one == STATUS_TRY_AGAIN ? STATUS_TRY_AGAIN : status;
    }
    return status;
}

enum status trace_look_at(const struct wait_request *request, struct id *id,
                          struct wait_result *result, struct list_node *gone,
                          struct list_node *reaped) {
    struct trace *trace = id ? id->trace : nullptr;
    bool is_ours = trace && trace->tracer->process == process_current();
    return is_ours ? look_at(trace, request, result, gone, reaped) : STATUS_NO_CHILD;
}
