#include "drivers/timer.h"
#include "kernel/cpu/cpu.h"
#include "kernel/process/groups.h"
#include "kernel/process/job_control.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/posix_timer.h"
#include "kernel/process/process.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/signals.h"
#include "mm/space/kernel_space.h"

/* The end of tasks and of processes. */

void process_tell(struct process *to, struct process *child, uint32_t number, int32_t code,
                  int32_t status) {
    struct process_times times = process_times(child);
    const struct signal_info info = {
        .signal = SIGNAL_CHLD,
        .code = code,
        .child =
            {
                .process = number,
                .user = child->credentials.real_user,
                .status = status,
                .user_ticks = (int64_t)timer_ticks_to_user(times.user_ticks),
                .kernel_ticks = (int64_t)timer_ticks_to_user(times.kernel_ticks),
            },
    };
    struct signal_action action = signal_action_get(to, SIGNAL_CHLD);
    bool is_end = code <= CODE_CHILD_DUMPED;
    if (is_end || !(action.flags & ACTION_NO_CHILD_STOP)) {
        (void)signal_send(to, &info);
    }
    wait_queue_wake(&to->child_changed);
}

void process_tell_parent(struct process *process, int32_t code, int32_t status) {
    if (process->parent) {
        process_tell(process->parent, process, process->number, code, status);
    }
}

/* Its own signal where it is not SIGCHLD. */
static void send_exit_signal(struct process *process) REQUIRES(process_tree) {
    int32_t code = process->end.signal ? CODE_CHILD_KILLED : CODE_CHILD_EXITED;
    int32_t status = (int32_t)(process->end.signal ? process->end.signal : process->end.exit_code);
    if (process->exit_signal == SIGNAL_CHLD) {
        process_tell_parent(process, code, status);
        return;
    }
    struct process *parent = process->parent;
    if (process->exit_signal != 0) {
        struct signal_info info = signal_info_from_user(process->exit_signal, code);
        info.child.status = status;
        (void)signal_send(parent, &info);
    }
    wait_queue_wake(&parent->child_changed);
}

/* Whether the parent has said that it will not wait (POSIX: SIGCHLD ignored, or SA_NOCLDWAIT). */
static bool parent_does_not_wait(const struct process *process) REQUIRES(process_tree) {
    if (!process->parent) {
        return true;
    }
    struct signal_action action = signal_action_get(process->parent, SIGNAL_CHLD);
    return process->exit_signal == SIGNAL_CHLD &&
           (action.handler == HANDLER_IGNORE || (action.flags & ACTION_NO_CHILD_WAIT));
}

void process_reap_locked(struct process *process) {
    if (process->parent) {
        struct process *parent = process->parent;
        process_times_add(&parent->child_times, &process->ended_times);
        process_times_add(&parent->child_times, &process->child_times);
        list_remove(&process->sibling);
        process->parent = nullptr;
    }
    list_remove(&process->of_creator);
    process_part(process);
    user_tasks_leave(process);
    list_remove(&process->link);
    process->id->process = nullptr;
    id_release(process->id);
    process->id = nullptr;
}

/* The nearest above that takes orphans in, or the first process; null: nobody. */
static struct process *find_new_parent(const struct process *process) REQUIRES(process_tree) {
    for (struct process *at = process->parent; at != nullptr; at = at->parent) {
        if (at->adopts && at->state != PROCESS_ENDED) {
            return at;
        }
    }
    struct id *first = id_find(1);
    struct process *init = first ? first->process : nullptr;
    return init && init != process && init->state != PROCESS_ENDED ? init : nullptr;
}

static void signal_orphans(struct id *group) REQUIRES(process_tree) {
    bool has_stopped = false;
    for (struct list_node *at = group->groupers.next; at != &group->groupers; at = at->next) {
        has_stopped |= LIST_ENTRY(at, struct process, of_group)->state == PROCESS_STOPPED;
    }
    if (has_stopped) {
        const struct signal_info hang_up = signal_info_from_kernel(SIGNAL_HUP);
        const struct signal_info go_on = signal_info_from_kernel(SIGNAL_CONT);
        group_send(group, &hang_up);
        group_send(group, &go_on);
    }
}

/* man 2 prctl, PR_SET_PDEATHSIG: the task that made the process is gone. */
static void tell_of_death(struct process *child) REQUIRES(process_tree) {
    for (struct list_node *at = child->tasks.next; at != &child->tasks; at = at->next) {
        struct task *task = LIST_ENTRY(at, struct task, link);
        if (task->parent_death_signal != 0) {
            const struct signal_info info =
                signal_info_from_user(task->parent_death_signal, CODE_USER);
            (void)signal_send(child, &info);
        }
    }
}

/* From here on any living task of the process has made the child; null: nobody. */
static void pass_child(struct process *child, struct process *parent) REQUIRES(process_tree) {
    list_remove(&child->of_creator);
    list_init(&child->of_creator);
    child->creator = nullptr;
    if (parent && !list_is_empty(&parent->tasks)) {
        struct task *task = LIST_ENTRY(parent->tasks.next, struct task, link);
        list_push_back(&task->made, &child->of_creator);
        child->creator = task;
    }
}

/* Children that the task made are another's of the process from here on. */
static void leave_children(struct task *task) REQUIRES(process_tree) {
    while (!list_is_empty(&task->made)) {
        struct process *child = LIST_ENTRY(task->made.next, struct process, of_creator);
        tell_of_death(child);
        pass_child(child, task->process);
    }
}

/* Whether the child's group is not orphaned as long as it has this parent. */
static bool is_held_by(const struct process *child, const struct process *parent)
    REQUIRES(process_tree) {
    return parent && parent->group != child->group && parent->session == child->session;
}

static void mark_group(struct process *child, bool is_marked) REQUIRES(process_tree) {
    child->group->is_marked = is_marked;
}

/* Groups that the parent alone has held; each is looked at once, however many children are in it.
 */
static void look_at_groups(struct process *parent, const struct process *next)
    REQUIRES(process_tree) {
    struct list_node *children = &parent->children;
    for (struct list_node *at = children->next; at != children; at = at->next) {
        struct process *child = LIST_ENTRY(at, struct process, sibling);
        bool is_left = child->state != PROCESS_ENDED && is_held_by(child, parent);
        if (is_left && !is_held_by(child, next) && !child->group->is_marked) {
            mark_group(child, true);
            if (group_is_orphaned(child->group, nullptr)) {
                signal_orphans(child->group);
            }
        }
    }
    for (struct list_node *at = children->next; at != children; at = at->next) {
        mark_group(LIST_ENTRY(at, struct process, sibling), false);
    }
}

static void change_parent(struct process *child, struct process *next) REQUIRES(process_tree) {
    child->parent = next;
    child->exit_signal = SIGNAL_CHLD;
    pass_child(child, next);
}

/* Nobody will ask how it ended, unless the kernel itself does. */
static bool is_reaped_at_once(const struct process *process) REQUIRES(process_tree) {
    return process->parent ? parent_does_not_wait(process) : !process->is_kernels;
}

void process_show_end(struct process *process, struct list_node *reaped) {
    process->is_end_kept = false;
    if (process->parent) {
        send_exit_signal(process);
    }
    if (is_reaped_at_once(process)) {
        process_reap_locked(process);
        list_push_back(reaped, &process->link);
    }
}

/* Children get another parent; those that have ended and that nobody waits for now are gone. */
static void give_children_away(struct process *process, struct list_node *reaped)
    REQUIRES(process_tree) {
    struct list_node *children = &process->children;
    if (list_is_empty(children)) {
        return;
    }
    struct process *next = find_new_parent(process);
    for (struct list_node *at = children->next; at != children; at = at->next) {
        change_parent(LIST_ENTRY(at, struct process, sibling), next);
    }
    look_at_groups(process, next);
    struct list_node *node;
    while ((node = list_pop_front(children)) != nullptr) {
        struct process *child = LIST_ENTRY(node, struct process, sibling);
        if (next) {
            list_push_back(&next->children, &child->sibling);
        }
        if (child->state == PROCESS_ENDED && !child->is_end_kept) {
            process_show_end(child, reaped);
        }
    }
}

void processes_unref(struct list_node *processes) {
    struct list_node *node;
    while ((node = list_pop_front(processes)) != nullptr) {
        process_unref(LIST_ENTRY(node, struct process, link));
    }
}

static void become_ended(struct process *process) {
    struct list_node reaped;
    struct list_node gone;
    list_init(&reaped);
    list_init(&gone);
    tree_lock();
    struct id *group = process->group;
    bool has_held = is_held_by(process, process->parent);
    signals_lock(process);
    process->state = PROCESS_ENDED;
    signals_unlock(process);
    give_children_away(process, &reaped);
    if (has_held && group_is_orphaned(group, nullptr)) {
        signal_orphans(group);
    }
    if (!trace_keeps_end(process, &gone)) {
        process_show_end(process, &reaped);
    }
    wait_queue_wake(&process->ended);
    __atomic_store_n(&process->has_ended, 1, __ATOMIC_RELEASE);
    thread_wake_one(&process->has_ended);
    tree_unlock();
    processes_unref(&reaped);
    traces_free(&gone);
}

/* The files go before the task can be seen to have ended: who waits may want the other end of a
 * pipe to be closed. */
static void leave_files(struct task *task) {
    tree_lock();
    struct descriptor_table *files = task->files;
    struct file_context *places = task->places;
    task->files = nullptr;
    task->places = nullptr;
    places->task_count--;
    tree_unlock();
    descriptor_table_unref(files);
    file_context_unref(places);
}

/* Its tracees are nobody's any more, and its tracer hears of it. */
static void leave_traces(struct task *task, const struct process_end *end, struct list_node *gone,
                         struct list_node *reaped) REQUIRES(process_tree) {
    traces_leave(task, gone, reaped);
    trace_end_task(task, end, gone);
}

/* Whether it was the last of its process. */
static bool leave_process(struct task *task, const struct process_end *end) {
    struct process *process = task->process;
    struct list_node gone;
    struct list_node reaped;
    list_init(&gone);
    list_init(&reaped);
    tree_lock();
    signals_lock(process);
    list_remove(&task->link);
    process->task_count--;
    bool is_last = process->task_count == 0;
    struct task *ender = process->ender;
    if (ender) {
        task_notify(process, ender);
    }
    if (process->pending.set != 0) {
        process_notify_tasks(process); /* it may have been the one to take them */
    }
    signals_unlock(process);
    leave_traces(task, end, &gone, &reaped);
    leave_children(task);
    const struct process_times times = task_times(task);
    process_times_add(&process->ended_times, &times);
    task->id->task = nullptr;
    user_tasks_refresh(process);
    __builtin_memcpy(process->last_name, task->name, sizeof(process->last_name));
    tree_unlock();
    processes_unref(&reaped);
    traces_free(&gone);
    return is_last;
}

static void on_gone(struct thread *thread) {
    task_free(thread->owner);
}

static void leave_memory(struct process *process) {
    tree_lock();
    struct process_memory *memory = process->memory;
    process->memory = nullptr;
    tree_unlock();
    process_memory_unref(memory);
}

static uint64_t word_of(const struct process_end *end) {
    return end->signal ? end->signal : (uint64_t)end->exit_code << 8;
}

/* `own` is how it ends where its process does not. */
[[noreturn]] static void end_task(struct task *task, struct process_end own) {
    struct process *process = task->process;
    struct process_end end = process->is_ending ? process->end : own;
    trace_exit(word_of(&end));
    end = process->is_ending ? process->end : own;
    thread_announce_leave();
    task_release_futexes(task);
    leave_files(task);
    thread_set_space(kernel_space());
    vfork_end(task);
    if (leave_process(task, &end)) {
        real_timer_end(process);
        posix_timers_end(process);
        const struct ipc_caller caller = process_ipc_caller();
        semaphore_undos_apply(&process->semaphore_undos, &caller);
        leave_memory(process);
        job_control_leave(process);
        become_ended(process);
    }
    thread_leave(on_gone);
}

[[noreturn]] void task_exit(unsigned exit_code) {
    struct task *task = task_current();
    struct process *process = task->process;
    signals_lock(process);
    bool speaks_for_all = task->number == process->number && !process->is_ending;
    if (speaks_for_all) {
        process->end = (struct process_end){.exit_code = exit_code & 0xff};
    }
    signals_unlock(process);
    end_task(task, (struct process_end){.exit_code = exit_code & 0xff});
}

void process_end_soon(struct process_end end) {
    struct process *process = process_current();
    signals_lock(process);
    if (!process->is_ending) {
        __atomic_store_n(&process->is_ending, true, __ATOMIC_RELEASE);
        process->end = end;
    }
    process_notify_tasks(process);
    signals_unlock(process);
}

[[noreturn]] void process_exit(unsigned exit_code) {
    const struct process_end end = {.exit_code = exit_code & 0xff};
    process_end_soon(end);
    end_task(task_current(), end);
}

[[noreturn]] void process_kill(unsigned signal) {
    const struct process_end end = {.signal = signal};
    process_end_soon(end);
    end_task(task_current(), end);
}
