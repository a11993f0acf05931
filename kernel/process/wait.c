#include "kernel/process/wait.h"

#include "kernel/process/lifecycle.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/signals.h"

/* Whether the request means the child at all; who traces a child need not ask for clones. */
static bool is_meant(const struct wait_request *request, const struct process *child)
    REQUIRES(process_tree) {
    bool is_clone = child->exit_signal != SIGNAL_CHLD;
    if (!(request->options & WAIT_ALL) && !trace_is_by_current(child) &&
        is_clone != ((request->options & WAIT_CLONE) != 0)) {
        return false;
    }
    return request->what != WAIT_FOR_GROUP || child->group->number == request->number;
}

static void describe(const struct process *child, int32_t code, int32_t status,
                     struct wait_result *result) REQUIRES(process_tree) {
    *result = (struct wait_result){
        .number = child->number,
        .user = child->credentials.real_user,
        .code = code,
        .status = status,
        .times = child->ended_times,
    };
    process_times_add(&result->times, &child->child_times);
}

static bool take_end(struct process *child, uint32_t options, struct wait_result *result,
                     struct process **reaped) REQUIRES(process_tree) {
    if (!(options & WAIT_ENDED) || child->state != PROCESS_ENDED || child->is_end_kept) {
        return false;
    }
    const struct process_end *end = &child->end;
    int32_t code = end->signal ? CODE_CHILD_KILLED : CODE_CHILD_EXITED;
    describe(child, code, (int32_t)(end->signal ? end->signal : end->exit_code), result);
    if (!(options & WAIT_KEEP)) {
        process_reap_locked(child);
        *reaped = child;
    }
    return true;
}

static bool take_news(struct process *child, uint32_t options, struct wait_result *result)
    REQUIRES(process_tree) {
    bool has_news = false;
    bool is_traced = trace_is_by_current(child); /* then each of its threads tells of the stop */
    signals_lock(child);
    if ((options & WAIT_STOPPED) && child->has_stop_news && !is_traced) {
        describe(child, CODE_CHILD_STOPPED, (int32_t)child->stop_signal, result);
        child->has_stop_news = (options & WAIT_KEEP) != 0;
        has_news = true;
    } else if ((options & WAIT_CONTINUED) && child->has_continue_news) {
        describe(child, CODE_CHILD_CONTINUED, SIGNAL_CONT, result);
        child->has_continue_news = (options & WAIT_KEEP) != 0;
        has_news = true;
    }
    signals_unlock(child);
    return has_news;
}

/* Looks at the children once. STATUS_TRY_AGAIN: there are some, and none has anything to tell. */
static enum status look(const struct wait_request *request, struct wait_result *result,
                        struct process **reaped) REQUIRES(process_tree) {
    struct process *parent = process_current();
    enum status status = STATUS_NO_CHILD;
    for (struct list_node *at = parent->children.next; at != &parent->children; at = at->next) {
        struct process *child = LIST_ENTRY(at, struct process, sibling);
        if (!is_meant(request, child)) {
            continue;
        }
        if (take_end(child, request->options, result, reaped) ||
            take_news(child, request->options, result)) {
            return STATUS_OK;
        }
        status = STATUS_TRY_AGAIN;
    }
    return status;
}

/* The child that WAIT_FOR_PROCESS means; null: none. */
static struct process *find_meant(const struct wait_request *request) REQUIRES(process_tree) {
    const struct id *id = request->process ? request->process->id : id_find(request->number);
    struct process *process = id ? id->process : nullptr;
    bool is_child = process && process->parent == process_current();
    return is_child && is_meant(request, process) ? process : nullptr;
}

/* As look, without a walk. */
static enum status look_at_one(const struct wait_request *request, struct wait_result *result,
                               struct process **reaped) REQUIRES(process_tree) {
    struct process *child = find_meant(request);
    if (!child) {
        return STATUS_NO_CHILD;
    }
    bool has_told = take_end(child, request->options, result, reaped) ||
                    take_news(child, request->options, result);
    return has_told ? STATUS_OK : STATUS_TRY_AGAIN;
}

static enum status look_at_tracees(const struct wait_request *request, struct wait_result *result,
                                   struct list_node *gone, struct list_node *reaped)
    REQUIRES(process_tree) {
    if (request->what != WAIT_FOR_PROCESS) {
        return traces_look(request, result, gone, reaped);
    }
    struct id *id = request->process ? request->process->id : id_find(request->number);
    return trace_look_at(request, id, result, gone, reaped);
}

static enum status look_once(const struct wait_request *request, struct wait_result *result) {
    struct process *reaped = nullptr;
    struct list_node gone;
    struct list_node shown;
    list_init(&gone);
    list_init(&shown);
    tree_lock();
    enum status status = request->what == WAIT_FOR_PROCESS ? look_at_one(request, result, &reaped)
                                                           : look(request, result, &reaped);
    if (status != STATUS_OK) {
        enum status of_tracees = look_at_tracees(request, result, &gone, &shown);
        status = of_tracees == STATUS_NO_CHILD ? status : of_tracees;
    }
    tree_unlock();
    if (reaped) {
        process_unref(reaped);
    }
    processes_unref(&shown);
    traces_free(&gone);
    return status;
}

enum status process_wait(const struct wait_request *request, struct wait_result *result) {
    struct process *parent = process_current();
    struct sleeper sleeper;
    struct waiter waiter = {.sleeper = &sleeper};
    *result = (struct wait_result){};
    sleeper_prepare(&sleeper);
    wait_queue_add(&parent->child_changed, &waiter);
    enum status status = look_once(request, result);
    while (status == STATUS_TRY_AGAIN && !(request->options & WAIT_NO_HANG)) {
        status = sleeper_sleep(&sleeper);
        if (status == STATUS_OK) {
            sleeper_prepare(&sleeper);
            status = look_once(request, result);
        }
    }
    waiter_remove(&waiter);
    return status == STATUS_TRY_AGAIN ? STATUS_OK : status;
}

int32_t wait_status_word(const struct wait_result *result) {
    switch (result->code) {
    case CODE_CHILD_EXITED:
        return result->status << 8;
    case CODE_CHILD_STOPPED:
    case CODE_CHILD_TRAPPED:
        return result->status << 8 | 0x7f;
    case CODE_CHILD_CONTINUED:
        return 0xffff;
    default:
        return result->status;
    }
}
