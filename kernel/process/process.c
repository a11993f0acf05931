#include "kernel/process/process.h"

#include "kernel/clock/clock.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/signals.h"
#include "lib/check.h"
#include "mm/heap/heap.h"

struct list_node all_processes = {&all_processes, &all_processes};

constexpr uint64_t TIMER_SLACK_NS = 50'000; /* as on Linux */

static uint32_t live_processes, live_tasks; /* atomic */
static uint64_t total_tasks;                /* atomic */

struct task *task_current(void) {
    struct thread *thread = thread_current();
    return thread ? thread->owner : nullptr;
}

struct process *process_current(void) {
    struct task *task = task_current();
    return task ? task->process : nullptr;
}

struct address_space *process_space(void) {
    return process_current()->memory->space;
}

void process_ref(struct process *process) {
    __atomic_add_fetch(&process->reference_count, 1, __ATOMIC_RELAXED);
}

void process_unref(struct process *process) {
    if (__atomic_sub_fetch(&process->reference_count, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    signal_drop_all(process, nullptr);
    signal_actions_unref(process->actions);
    heap_free(process);
    __atomic_sub_fetch(&live_processes, 1, __ATOMIC_RELAXED);
}

enum status process_make(struct process **process) {
    struct process *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    made->reference_count = 1;
    list_init(&made->children);
    list_init(&made->tasks);
    list_init(&made->of_creator);
    tree_init(&made->posix_timers, nullptr);
    list_init(&made->cpu_posix_timers);
    semaphore_undos_init(&made->semaphore_undos);
    pending_init(&made->pending);
    wait_queue_init(&made->child_changed);
    wait_queue_init(&made->ended);
    real_timer_init(made);
    made->start_ns = clock_now();
    made->is_dumpable = 1;
    __atomic_add_fetch(&live_processes, 1, __ATOMIC_RELAXED);
    *process = made;
    return STATUS_OK;
}

/* The first code of a task's thread, on its kernel stack. */
static void enter_user_mode(void *argument) {
    struct task *task = argument;
    struct trap_frame frame = task->start;
    task_store_own_id(task);
    task_before_user(&frame);
    context_enter_user(&frame);
}

static void free_thread(struct task *task) {
    if (task->thread) {
        thread_destroy(task->thread);
    }
}

enum status task_make(const char *name, struct address_space *space, struct task **task) {
    struct task *made = heap_alloc(sizeof(*made));
    if (!made) {
        return STATUS_NO_MEMORY;
    }
    pending_init(&made->pending);
    list_init(&made->made);
    list_init(&made->tracees);
    made->signal_stack.flags = STACK_DISABLED;
    made->timer_slack_ns = made->timer_slack_first_ns = TIMER_SLACK_NS;
    enum status status =
        thread_create_user(name, space, made, enter_user_mode, made, &made->thread);
    if (status == STATUS_OK) {
        status = id_create(&made->id);
    }
    if (status != STATUS_OK) {
        free_thread(made);
        heap_free(made);
        return status;
    }
    made->number = made->id->number;
    __atomic_add_fetch(&live_tasks, 1, __ATOMIC_RELAXED);
    __atomic_add_fetch(&total_tasks, 1, __ATOMIC_RELAXED);
    *task = made;
    return STATUS_OK;
}

void task_free(struct task *task) {
    struct process *process = task->process;
    if (process) {
        signal_drop_all(process, task);
        process_unref(process);
    }
    tree_lock();
    if (task->id) {
        id_release(task->id);
    }
    tree_unlock();
    if (task->files) {
        descriptor_table_unref(task->files);
    }
    file_context_unref(task->places);
    free_thread(task);
    heap_free(task);
    __atomic_sub_fetch(&live_tasks, 1, __ATOMIC_RELAXED);
}

struct process *process_find(uint32_t number) {
    struct id *id = id_find(number);
    struct process *process = id ? id->process : nullptr;
    return !process && id && id->task ? id->task->process : process;
}

const char *program_name(const char *path) {
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++) {
        name = *at == '/' ? at + 1 : name;
    }
    return name;
}

void task_set_name(struct task *task, const char *name) {
    size_t length = __builtin_strlen(name);
    constexpr size_t most = sizeof(task->name) - 1;
    tree_lock();
    __builtin_memset(task->name, 0, sizeof(task->name));
    __builtin_memcpy(task->name, name, length < most ? length : most);
    tree_unlock();
}

void task_publish(struct task *task) {
    struct process *process = task->process;
    signals_lock(process);
    struct list_node *before = process->tasks.prev;
    while (before != &process->tasks &&
           LIST_ENTRY(before, struct task, link)->number > task->number) {
        before = before->prev;
    }
    list_insert_after(before, &task->link);
    process->task_count++;
    signals_unlock(process);
    task->id->task = task;
    task->places->task_count++;
    user_tasks_refresh(process);
    /* What was sent before it was there may be for it. */
    __atomic_store_n(&task->has_work, true, __ATOMIC_RELEASE);
}

void process_for_each(void (*visit)(void *context, struct process *process), void *context) {
    for (struct list_node *at = all_processes.next; at != &all_processes; at = at->next) {
        visit(context, LIST_ENTRY(at, struct process, link));
    }
}

struct process_times task_times(const struct task *task) {
    const struct thread *thread = task->thread;
    return (struct process_times){
        .user_ticks = __atomic_load_n(&thread->user_ticks, __ATOMIC_RELAXED),
        .kernel_ticks = __atomic_load_n(&thread->kernel_ticks, __ATOMIC_RELAXED),
        .minor_faults = task->minor_faults,
        .voluntary_switches = __atomic_load_n(&thread->voluntary_switches, __ATOMIC_RELAXED),
        .involuntary_switches = __atomic_load_n(&thread->involuntary_switches, __ATOMIC_RELAXED),
    };
}

void process_times_add(struct process_times *times, const struct process_times *more) {
    times->user_ticks += more->user_ticks;
    times->kernel_ticks += more->kernel_ticks;
    times->minor_faults += more->minor_faults;
    times->voluntary_switches += more->voluntary_switches;
    times->involuntary_switches += more->involuntary_switches;
}

struct process_times process_times(struct process *process) {
    struct process_times times = process->ended_times;
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        const struct process_times own = task_times(LIST_ENTRY(at, struct task, link));
        process_times_add(&times, &own);
    }
    return times;
}

bool process_is_to_end(void) {
    const struct task *task = task_current();
    return task && task_is_to_end(task);
}

bool process_has_threads(void) {
    struct process *process = process_current();
    tree_lock();
    bool has_threads = process->task_count > 1;
    tree_unlock();
    return has_threads;
}

bool process_has_capabilities(void) {
    return process_current()->credentials.effective_user == 0;
}

struct ipc_caller process_ipc_caller(void) {
    const struct process *process = process_current();
    return (struct ipc_caller){
        .user = process->credentials.effective_user,
        .group = process->credentials.effective_group,
        .groups = process->credentials.groups,
        .group_count = process->credentials.group_count,
        .process = process->number,
        .now_seconds = clock_real_seconds(),
    };
}

uint32_t process_count(void) {
    return __atomic_load_n(&live_processes, __ATOMIC_RELAXED);
}

uint32_t task_count(void) {
    return __atomic_load_n(&live_tasks, __ATOMIC_RELAXED);
}

uint64_t task_total(void) {
    return __atomic_load_n(&total_tasks, __ATOMIC_RELAXED);
}
