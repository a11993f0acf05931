#include "kernel/process/ptrace.h"

#include "kernel/cpu/fpu.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/rights.h"
#include "mm/heap/heap.h"

/* Who traces whom. */

static struct trace *make(void) {
    return heap_alloc(sizeof(struct trace) + fpu_area_size_bytes());
}

uint32_t trace_tracer_number(const struct task *task) {
    const struct trace *trace = task_trace(task);
    return trace ? trace->tracer->number : 0;
}

struct trace *trace_find(uint32_t number) {
    struct id *id = id_find(number);
    struct trace *trace = id ? id->trace : nullptr;
    return trace && trace->tracer == task_current() && trace->task ? trace : nullptr;
}

/* What a new tracer finds. */
static void reset(struct trace *trace, bool is_seized, uint32_t options) {
    trace->options = options;
    trace->is_seized = is_seized;
    trace->is_listening = trace->has_news = false;
    trace->owes_stop = trace->owes_notice = false;
    trace->way = TRACE_GO;
    trace->seen_stop = trace->process->stop_count - 1;
}

/* `*made` is used where the task has had no tracer yet, and null then. */
static void link_to(struct task *tracer, struct task *task, struct trace **made)
    REQUIRES(process_tree, task->process->signal_lock) {
    if (!task->trace) {
        (*made)->process = task->process;
        (*made)->task = task;
        __atomic_store_n(&task->trace, *made, __ATOMIC_RELEASE);
        *made = nullptr;
    }
    struct trace *trace = task->trace;
    trace->id = task->id;
    id_hold(trace->id);
    trace->id->trace = trace;
    list_push_back(&tracer->tracees, &trace->of_tracer);
    __atomic_store_n(&trace->tracer, tracer, __ATOMIC_RELEASE);
}

static enum status attach(struct id *id, struct trace **made, bool is_seized, uint32_t options)
    REQUIRES(process_tree) {
    struct task *task = id ? id->task : nullptr;
    if (!task) {
        return id && id->process ? STATUS_NOT_PERMITTED : STATUS_NO_SUCH_PROCESS;
    }
    struct process *process = task->process;
    if (process == process_current() || task_trace(task) || !may_trace(process)) {
        return STATUS_NOT_PERMITTED;
    }
    signals_lock(task->process);
    link_to(task_current(), task, made);
    reset(task->trace, is_seized, options);
    task->trace->is_roots = process_has_capabilities();
    if (task_is_to_stop(task)) {
        task_notify(task->process, task); /* it may sleep where its process has stopped */
    }
    signals_unlock(task->process);
    return STATUS_OK;
}

enum status trace_attach(uint32_t number, bool is_seized, uint32_t options) {
    struct trace *made = make();
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    tree_lock();
    struct id *id = id_find(number);
    enum status status = attach(id, &made, is_seized, options);
    if (status == STATUS_OK && !is_seized) {
        const struct signal_info stop = signal_info_from_kernel(SIGNAL_STOP);
        (void)signal_send_to_task(id->task, &stop);
    }
    tree_unlock();
    heap_free(made);
    return status;
}

/* Who made the current process; nobody who may do less than it does. */
static struct task *find_tracer(const struct task *task) REQUIRES(process_tree) {
    struct task *creator = task->process->creator;
    bool is_allowed = creator && (creator->process->credentials.effective_user == 0 ||
                                  task->process->credentials.effective_user != 0);
    return is_allowed && !task_trace(task) ? creator : nullptr;
}

enum status trace_me(void) {
    struct task *task = task_current();
    struct trace *made = make();
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    tree_lock();
    struct task *tracer = find_tracer(task);
    if (tracer) {
        signals_lock(task->process);
        link_to(tracer, task, &made);
        reset(task->trace, false, 0);
        task->trace->is_roots = process_has_capabilities();
        signals_unlock(task->process);
    }
    tree_unlock();
    heap_free(made);
    return tracer ? STATUS_OK : STATUS_NOT_PERMITTED;
}

void trace_resume(struct trace *trace, enum trace_way way, unsigned signal) {
    trace->way = way;
    trace->signal = signal;
    trace->is_listening = trace->has_news = false;
    __atomic_store_n(&trace->is_stopped, false, __ATOMIC_RELEASE);
    task_notify(trace->process, trace->task);
}

void trace_interrupt(struct trace *trace) {
    __atomic_store_n(&trace->owes_stop, true, __ATOMIC_RELEASE);
    if (trace->is_listening) {
        trace_resume(trace, trace->way, 0);
    }
    task_notify(trace->process, trace->task);
}

void trace_owe_notice(struct process *process, struct task *task) NO_CAPABILITY_CHECK {
    struct trace *trace = task_trace(task);
    if (!trace || !trace->is_seized) {
        return;
    }
    __atomic_store_n(&trace->owes_notice, true, __ATOMIC_RELEASE);
    if (trace->is_listening) {
        trace_resume(trace, trace->way, 0);
    }
    task_notify(process, task);
}

/* Nobody traces it from here on; where it is, and with which signal it goes on, stays. */
static void unlink(struct trace *trace) REQUIRES(process_tree) {
    signals_lock(trace->process);
    __atomic_store_n(&trace->tracer, nullptr, __ATOMIC_RELEASE);
    if (trace->task) {
        trace_resume(trace, TRACE_GO, trace->signal);
    }
    signals_unlock(trace->process);
    list_remove(&trace->of_tracer);
    trace->id->trace = nullptr;
    id_release(trace->id);
    trace->id = nullptr;
}

enum status trace_detach(uint32_t number, unsigned signal) {
    tree_lock();
    struct trace *trace = trace_find(number);
    bool is_stopped = trace_is_stopped(trace) && !trace->is_listening;
    if (is_stopped) {
        signals_lock(trace->process);
        trace->signal = signal;
        signals_unlock(trace->process);
        unlink(trace);
    }
    tree_unlock();
    return is_stopped ? STATUS_OK : STATUS_NO_SUCH_PROCESS;
}

static void drop(struct trace *trace, struct list_node *gone) REQUIRES(process_tree) {
    unlink(trace);
    list_push_back(gone, &trace->of_tracer);
}

void traces_free(struct list_node *gone) {
    struct list_node *node;
    while ((node = list_pop_front(gone)) != nullptr) {
        struct trace *trace = LIST_ENTRY(node, struct trace, of_tracer);
        process_unref(trace->process);
        heap_free(trace);
    }
}

static void tell_of_end(struct trace *trace) REQUIRES(process_tree) {
    const struct process_end *end = &trace->end;
    trace->has_ended = true;
    process_tell(trace->tracer->process, trace->process, trace->id->number,
                 end->signal ? CODE_CHILD_KILLED : CODE_CHILD_EXITED,
                 (int32_t)(end->signal ? end->signal : end->exit_code));
}

void trace_end_task(struct task *task, const struct process_end *end, struct list_node *gone) {
    struct process *process = task->process;
    signals_lock(process);
    struct trace *trace = task->trace;
    task->trace = nullptr;
    if (trace) {
        trace->task = nullptr;
        process_ref(process);
    }
    signals_unlock(process);
    if (!trace) {
        return;
    }
    if (!trace->tracer) {
        list_push_back(gone, &trace->of_tracer);
    } else if (task->id != process->id) {
        trace->end = *end;
        tell_of_end(trace);
    }
}

bool trace_keeps_end(struct process *process, struct list_node *gone) {
    struct trace *trace = process->id->trace;
    if (!trace) {
        return false;
    }
    if (trace->tracer->process == process->parent) {
        drop(trace, gone);
        return false;
    }
    trace->end = process->end;
    process->is_end_kept = true;
    tell_of_end(trace);
    return true;
}

/* An ended one that its tracer has heard of, or that has no tracer any more. */
void trace_release_end(struct trace *trace, struct list_node *gone, struct list_node *reaped) {
    struct process *process = trace->process;
    bool is_whole = trace->has_ended && process->is_end_kept && trace->id == process->id;
    drop(trace, gone);
    if (is_whole) {
        process_show_end(process, reaped);
    }
}

void traces_leave(struct task *tracer, struct list_node *gone, struct list_node *reaped) {
    struct list_node *tracees = &tracer->tracees;
    while (!list_is_empty(tracees)) {
        struct trace *trace = LIST_ENTRY(tracees->next, struct trace, of_tracer);
        bool is_killed = trace->task && (trace->options & TRACE_EXIT_KILL);
        if (!trace->task) {
            trace_release_end(trace, gone, reaped);
            continue;
        }
        struct process *process = trace->process;
        unlink(trace);
        if (is_killed) {
            signal_kill(process);
        }
    }
}

void trace_become_leader(struct task *task, struct list_node *gone) {
    struct trace *leader = task->process->id->trace;
    if (leader && leader != task->trace) {
        drop(leader, gone);
    }
    struct trace *trace = task_trace(task);
    if (trace) {
        trace->id->trace = nullptr;
        id_release(trace->id);
        trace->id = task->process->id;
        id_hold(trace->id);
        trace->id->trace = trace;
    }
}

/* The event of man 2 clone's flags. */
static enum trace_event event_of(uint64_t clone_flags, uint32_t exit_signal) {
    if (clone_flags & CLONE_VFORK) {
        return EVENT_VFORK;
    }
    return exit_signal == SIGNAL_CHLD ? EVENT_FORK : EVENT_CLONE;
}

enum status trace_child_begin(uint64_t clone_flags, uint32_t exit_signal,
                              struct trace_of_child *traced) {
    const struct trace *trace = task_trace(task_current());
    *traced = (struct trace_of_child){};
    if (!trace) {
        return STATUS_OK;
    }
    enum trace_event event = event_of(clone_flags, exit_signal);
    bool is_told = !(clone_flags & CLONE_UNTRACED) && (trace->options & 1u << event);
    traced->event = is_told ? event : EVENT_NONE;
    if (!is_told && !(clone_flags & CLONE_PTRACE)) {
        return STATUS_OK;
    }
    traced->trace = make();
    return traced->trace ? STATUS_OK : STATUS_NO_MEMORY;
}

void trace_child_publish(struct trace_of_child *traced, struct task *child) {
    const struct trace *own = task_trace(task_current());
    if (!own || !traced->trace) {
        return;
    }
    signals_lock(child->process);
    link_to(own->tracer, child, &traced->trace);
    reset(child->trace, own->is_seized, own->options);
    child->trace->is_roots = own->is_roots;
    child->trace->owes_stop = own->is_seized;
    if (!own->is_seized) {
        pending_add(&child->pending, SIGNAL_STOP, nullptr);
    }
    signals_unlock(child->process);
}

void trace_child_drop(struct trace_of_child *traced) {
    heap_free(traced->trace);
    traced->trace = nullptr;
}
