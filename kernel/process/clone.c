#include "kernel/clock/clock.h"
#include "kernel/cpu/context.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/process/groups.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/pidfd.h"
#include "kernel/process/process.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/signals.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"

/* Making tasks: man 2 clone. */

constexpr uint64_t CLONE_REFUSED = CLONE_NAMESPACES | CLONE_INTO_CGROUP;

static bool has_all(uint64_t flags, uint64_t wanted) {
    return (flags & wanted) == wanted;
}

/* In the order of man 2 clone. What can contradict itself is refused, and what is not there. */
static enum status check(const struct clone_request *request) {
    uint64_t flags = request->flags;
    if ((flags & CLONE_SIGHAND) && !(flags & CLONE_VM)) {
        return STATUS_INVALID;
    }
    if ((flags & CLONE_THREAD) && !(flags & CLONE_SIGHAND)) {
        return STATUS_INVALID;
    }
    if (has_all(flags, CLONE_SIGHAND | CLONE_CLEAR_SIGHAND) ||
        has_all(flags, CLONE_FS | CLONE_NEWNS) || request->exit_signal > SIGNAL_COUNT) {
        return STATUS_INVALID;
    }
    if ((flags & CLONE_PIDFD) && (flags & (CLONE_THREAD | CLONE_DETACHED))) {
        return STATUS_INVALID;
    }
    if ((flags & CLONE_SETTLS) && request->thread_pointer >= USER_END) {
        return STATUS_NOT_PERMITTED;
    }
    return flags & CLONE_REFUSED ? STATUS_INVALID : STATUS_OK;
}

static enum status share_files(struct task *parent, struct task *child, uint64_t flags) {
    if (!(flags & CLONE_FILES)) {
        return descriptor_table_clone(parent->files, &child->files);
    }
    descriptor_table_ref(parent->files);
    child->files = parent->files;
    return STATUS_OK;
}

static enum status share_places(struct task *parent, struct task *child, uint64_t flags) {
    if (!(flags & CLONE_FS)) {
        return file_context_clone(parent->places, &child->places);
    }
    file_context_ref(parent->places);
    child->places = parent->places;
    return STATUS_OK;
}

static enum status share_memory(struct process *parent, const char *name, uint64_t flags,
                                struct process_memory **memory) {
    if (!(flags & CLONE_VM)) {
        return process_memory_fork(parent->memory, name, memory);
    }
    process_memory_ref(parent->memory);
    *memory = parent->memory;
    return STATUS_OK;
}

static enum status share_actions(struct process *parent, struct process *child, uint64_t flags) {
    if (flags & CLONE_SIGHAND) {
        signal_actions_ref(parent->actions);
        child->actions = parent->actions;
        return STATUS_OK;
    }
    enum status status = signal_actions_clone(parent->actions, &child->actions);
    if (status == STATUS_OK && (flags & CLONE_CLEAR_SIGHAND)) {
        signal_actions_reset(child->actions);
    }
    return status;
}

/* What a new process has of its own. */
static enum status make_process(struct process *parent, const char *name, uint64_t flags,
                                struct process **process) {
    struct process *made;
    enum status status = process_make(&made);
    if (status != STATUS_OK) {
        return status;
    }
    status = share_actions(parent, made, flags);
    if (status == STATUS_OK) {
        status = share_memory(parent, name, flags, &made->memory);
    }
    if (status != STATUS_OK) {
        process_unref(made);
        return status;
    }
    made->credentials = parent->credentials;
    __builtin_memcpy(made->limits, parent->limits, sizeof(made->limits));
    made->is_dumpable = parent->is_dumpable;
    made->oom_score_adjustment = parent->oom_score_adjustment;
    made->oom_score_least = parent->oom_score_least;
    made->personality = parent->personality;
    made->nice = parent->nice;
    made->has_no_new_privileges = parent->has_no_new_privileges;
    made->has_no_large_pages = parent->has_no_large_pages;
    made->keeps_capabilities = parent->keeps_capabilities;
    made->barrier_registrations = parent->barrier_registrations;
    *process = made;
    return STATUS_OK;
}

static void drop_process(struct process *process) {
    process_memory_unref(process->memory);
    process_unref(process);
}

static void copy_registers(const struct trap_frame *frame, const struct clone_request *request,
                           struct task *child) {
    child->start = *frame;
    child->start.rax = 0;
    trace_clean_copy(&child->start);
    if (request->stack != 0) {
        child->start.rsp = request->stack;
    }
    child->call_number = task_current()->call_number;
    thread_copy_user_state(child->thread);
    if (request->flags & CLONE_SETTLS) {
        child->thread->fs_base = virt_addr(request->thread_pointer);
    }
}

static void copy_signals(struct task *parent, struct task *child, uint64_t flags) {
    bool keeps_stack = !(flags & CLONE_VM) || (flags & CLONE_VFORK);
    child->blocked = parent->blocked;
    if (keeps_stack) {
        child->signal_stack = parent->signal_stack;
    }
}

/* A task without a process yet. */
static enum status make_task(const struct trap_frame *frame, const struct clone_request *request,
                             struct address_space *space, struct task **task) {
    struct task *parent = task_current();
    struct task *made;
    enum status status = task_make(parent->name, space, &made);
    if (status != STATUS_OK) {
        return status;
    }
    status = share_files(parent, made, request->flags);
    if (status == STATUS_OK) {
        status = share_places(parent, made, request->flags);
    }
    if (status != STATUS_OK) {
        task_free(made);
        return status;
    }
    copy_registers(frame, request, made);
    copy_signals(parent, made, request->flags);
    __builtin_memcpy(made->name, parent->name, sizeof(made->name));
    if (!(request->flags & CLONE_VM)) {
        made->rseq_address = parent->rseq_address;
        made->rseq_signature = parent->rseq_signature;
    }
    made->timer_slack_ns = parent->timer_slack_ns;
    made->timer_slack_first_ns = parent->timer_slack_ns;
    made->memory_policy = parent->memory_policy;
    made->io_priority = parent->io_priority;
    if (!parent->scheduling.resets_on_fork) {
        made->scheduling = parent->scheduling;
        thread_set_priority(made->thread, parent->thread->priority, parent->thread->keeps_turn);
    }
    made->set_id_address = request->flags & CLONE_CHILD_SETTID ? request->child_id_address : 0;
    made->clear_id_address = request->flags & CLONE_CHILD_CLEARTID ? request->child_id_address : 0;
    *task = made;
    return STATUS_OK;
}

/* Puts a new process below its parent, and into the parent's group and session. */
static void link_process(struct process *parent, struct process *child, struct task *leader,
                         const struct clone_request *request) REQUIRES(process_tree) {
    struct process *above = request->flags & CLONE_PARENT ? parent->parent : parent;
    child->id = leader->id;
    child->number = leader->number;
    id_hold(child->id);
    child->id->process = child;
    child->exit_signal = request->flags & CLONE_PARENT ? parent->exit_signal : request->exit_signal;
    child->terminal = parent->terminal;
    child->parent = above;
    if (above) {
        list_push_back(&above->children, &child->sibling);
    }
    if (request->flags & CLONE_PARENT) {
        list_insert_after(&parent->of_creator, &child->of_creator);
        child->creator = parent->creator;
    } else {
        list_push_back(&task_current()->made, &child->of_creator);
        child->creator = task_current();
    }
    process_join(child, parent->group, parent->session);
    cpu_timers_watch(child);
    list_push_back(&all_processes, &child->link);
    user_tasks_join(child);
}

/* Of the user, root aside, and who acts as root. */
static bool is_over_limit(const struct process *parent) REQUIRES(process_tree) {
    uint32_t user = parent->credentials.real_user;
    return user != 0 && !process_has_capabilities() &&
           user_tasks_count(user) >= parent->limits[RESOURCE_PROCESSES].soft;
}

static enum status may_clone(void) REQUIRES(process_tree) {
    if (is_over_limit(process_current())) {
        return STATUS_TRY_AGAIN;
    }
    return signal_is_pending() ? STATUS_INTERRUPTED : STATUS_OK;
}

static enum status may_begin_clone(void) {
    tree_lock();
    enum status status = may_clone();
    tree_unlock();
    return status;
}

static enum status publish(struct process *parent, struct process *child, struct task *task,
                           const struct clone_request *request, struct trace_of_child *traced) {
    bool is_thread = child == parent;
    tree_lock();
    /* What was sent to a group before the child was in it is taken first: it is made after that. */
    enum status status = may_clone();
    if (status == STATUS_OK) {
        if (!is_thread) {
            link_process(parent, child, task, request);
        }
        task->process = child;
        process_ref(child);
        trace_child_publish(traced, task);
        task_publish(task);
    }
    tree_unlock();
    return status;
}

/* As on Linux, an address that cannot be written to is the program's own loss. */
static void store_number(uint64_t address, uint32_t number) {
    size_t missing = user_copy_out(virt_addr(address), &number, sizeof(number));
    (void)missing;
}

static void wait_for_vfork(struct vfork_wait *wait) {
    struct task *task = task_current();
    task_sleep_deeply(task);
    enum status status = STATUS_OK;
    while (!__atomic_load_n(&wait->is_over, __ATOMIC_ACQUIRE) && status == STATUS_OK) {
        status = sleeper_sleep(&wait->sleeper);
        sleeper_prepare(&wait->sleeper);
    }
    task_sleep_lightly(task);
}

void vfork_end(struct task *task) {
    tree_lock();
    struct vfork_wait *wait = task->vfork;
    task->vfork = nullptr;
    if (wait) {
        __atomic_store_n(&wait->is_over, 1, __ATOMIC_RELEASE);
        sleeper_wake(&wait->sleeper);
    }
    tree_unlock();
}

static void tell_tracer(enum trace_event event, uint32_t number) {
    if (event != 0) {
        trace_event(task_current()->frame, event, number);
    }
}

/* Runs the child, and under CLONE_VFORK waits until it has left the memory. `wait` lies on this
 * stack, so a killed parent takes it away from the child again. */
static void start(struct task *child, const struct clone_request *request, enum trace_event event) {
    uint32_t number = child->number;
    if (!(request->flags & CLONE_VFORK)) {
        thread_start(child->thread);
        tell_tracer(event, number);
        return;
    }
    struct vfork_wait wait = {};
    struct process *process = child->process;
    process_ref(process);
    child->vfork = &wait;
    thread_start(child->thread);
    tell_tracer(event, number);
    wait_for_vfork(&wait);
    tree_lock();
    struct id *id = id_find(number);
    if (!wait.is_over && id && id->task && id->task->vfork == &wait) {
        id->task->vfork = nullptr;
    }
    bool is_over = wait.is_over;
    tree_unlock();
    process_unref(process);
    tell_tracer(is_over && event != EVENT_NONE ? EVENT_VFORK_DONE : EVENT_NONE, number);
}

/* CLONE_PIDFD: a number that the parent knows before the child runs, and no file behind it yet. */
struct promised_pidfd {
    struct file *file; /* owned; null: it is not wanted */
    uint32_t number;
};

static enum status promise_pidfd(const struct clone_request *request, struct process *child,
                                 struct promised_pidfd *promised) {
    struct descriptor_table *table = task_current()->files;
    *promised = (struct promised_pidfd){};
    if (!(request->flags & CLONE_PIDFD)) {
        return STATUS_OK;
    }
    uint64_t limit = process_current()->limits[RESOURCE_FILES].soft;
    enum status status = descriptor_reserve(
        table, 0, limit < DESCRIPTOR_LIMIT_MAX ? (uint32_t)limit : DESCRIPTOR_LIMIT_MAX, true,
        &promised->number);
    if (status != STATUS_OK) {
        return status;
    }
    const uint32_t number = promised->number;
    status = user_copy_out(virt_addr(request->pidfd_address), &number, sizeof(number)) == 0
                 ? pidfd_create(child, 0, &promised->file)
                 : STATUS_FAULT;
    if (status != STATUS_OK) {
        descriptor_cancel(table, promised->number);
    }
    return status;
}

static void break_promise(const struct promised_pidfd *promised) {
    if (promised->file) {
        descriptor_cancel(task_current()->files, promised->number);
        file_unref(promised->file);
    }
}

static void keep_promise(const struct promised_pidfd *promised) {
    if (promised->file) {
        descriptor_fill(task_current()->files, promised->number, promised->file);
    }
}

static enum status publish_with_pidfd(struct process *parent, struct process *child,
                                      struct task *task, const struct clone_request *request,
                                      struct trace_of_child *traced) {
    struct promised_pidfd promised;
    enum status status = promise_pidfd(request, child, &promised);
    if (status != STATUS_OK) {
        return status;
    }
    status = publish(parent, child, task, request, traced);
    if (status == STATUS_OK) {
        keep_promise(&promised);
    } else {
        break_promise(&promised);
    }
    return status;
}

static enum status make_child(const struct trap_frame *frame, const struct clone_request *request,
                              struct trace_of_child *traced, struct task **task) {
    struct process *parent = process_current();
    struct process *child = parent;
    bool is_thread = (request->flags & CLONE_THREAD) != 0;
    enum status status = STATUS_OK;
    if (!is_thread) {
        status = make_process(parent, task_current()->name, request->flags, &child);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = make_task(frame, request, child->memory->space, task);
    if (status == STATUS_OK) {
        status = publish_with_pidfd(parent, child, *task, request, traced);
        if (status != STATUS_OK) {
            task_free(*task);
        }
    }
    if (status != STATUS_OK && !is_thread) {
        drop_process(child);
    }
    return status;
}

int64_t task_clone(const struct trap_frame *frame, const struct clone_request *request) {
    enum status status = check(request);
    if (status != STATUS_OK) {
        return status;
    }
    status = may_begin_clone(); /* before all the work; it is asked again at its end */
    if (status != STATUS_OK) {
        return status;
    }
    struct task *child;
    struct trace_of_child traced;
    status = trace_child_begin(request->flags, request->exit_signal, &traced);
    if (status != STATUS_OK) {
        return status;
    }
    status = make_child(frame, request, &traced, &child);
    trace_child_drop(&traced);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t number = child->number;
    if (request->flags & CLONE_PARENT_SETTID) {
        store_number(request->parent_id_address, child->number);
    }
    start(child, request, traced.event);
    return number;
}

void task_store_own_id(struct task *task) {
    if (task->set_id_address != 0) {
        store_number(task->set_id_address, task->number);
    }
}
