#include "kernel/cpu/context.h"
#include "kernel/files/file/open.h"
#include "kernel/process/exec.h"
#include "kernel/process/executable.h"
#include "kernel/process/groups.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/load.h"
#include "kernel/process/signals.h"
#include "kernel/text/quote.h"
#include "mm/frame/frame.h"

/* Processes that the kernel itself begins. */

constexpr uint64_t NO_LIMIT = UINT64_MAX;
constexpr uint64_t STACK_LIMIT = 8ull << 20;
constexpr uint64_t FILES_LIMIT = 1024;
constexpr uint64_t FILES_LIMIT_HARD = 1'048'576;
constexpr uint64_t LOCKED_LIMIT = 8ull << 20;

static void set_limits(struct process *process) {
    uint64_t tasks = frame_count().total / 16; /* as on Linux: an eighth of memory for stacks */
    for (unsigned i = 0; i < RESOURCE_COUNT; i++) {
        process->limits[i] = (struct resource_limit){NO_LIMIT, NO_LIMIT};
    }
    process->limits[RESOURCE_STACK].soft = STACK_LIMIT;
    process->limits[RESOURCE_CORE].soft = 0;
    process->limits[RESOURCE_PROCESSES] = (struct resource_limit){tasks, tasks};
    process->limits[RESOURCE_FILES] = (struct resource_limit){FILES_LIMIT, FILES_LIMIT_HARD};
    process->limits[RESOURCE_LOCKED_MEMORY] = (struct resource_limit){LOCKED_LIMIT, LOCKED_LIMIT};
    process->limits[RESOURCE_SIGNALS] = (struct resource_limit){tasks, tasks};
    process->limits[RESOURCE_MESSAGE_QUEUE] = (struct resource_limit){819200, 819200};
    process->limits[RESOURCE_NICE] = (struct resource_limit){0, 0};
    process->limits[RESOURCE_REALTIME_PRIORITY] = (struct resource_limit){0, 0};
}

static enum status open_terminal(struct task *task, struct file *terminal) {
    for (uint32_t i = 0; i < 3; i++) {
        uint32_t number;
        enum status status = descriptor_reserve(task->files, 0, 3, false, &number);
        if (status != STATUS_OK) {
            return status;
        }
        file_ref(terminal);
        descriptor_fill(task->files, number, terminal);
    }
    return STATUS_OK;
}

static enum status give_files(struct task *task, const struct process_start *start) {
    enum status status = descriptor_table_create(&task->files);
    if (status == STATUS_OK) {
        status = file_context_create(&start->view.root, &task->places);
    }
    return status == STATUS_OK ? open_terminal(task, start->terminal) : status;
}

/* A process and its task, which nobody knows yet. */
static enum status make(const struct process_start *start, const struct loaded_program *loaded,
                        struct process **process, struct task **task) {
    const char *name = program_name(start->path);
    enum status status = process_make(process);
    if (status != STATUS_OK) {
        return status;
    }
    status = signal_actions_create(&(*process)->actions);
    if (status == STATUS_OK) {
        status = task_make(name, loaded->memory->space, task);
    }
    if (status != STATUS_OK) {
        process_unref(*process);
        return status;
    }
    status = give_files(*task, start);
    if (status != STATUS_OK) {
        task_free(*task);
        process_unref(*process);
        return status;
    }
    task_set_name(*task, program_name(start->path));
    set_limits(*process);
    (*process)->is_kernels = true;
    (*process)->memory = loaded->memory;
    context_user_frame(&(*task)->start, loaded->entry, loaded->stack_pointer);
    return STATUS_OK;
}

static void publish(struct process *process, struct task *task) {
    tree_lock();
    process->id = task->id;
    process->number = task->number;
    id_hold(process->id);
    process->id->process = process;
    process->exit_signal = SIGNAL_CHLD;
    process_join(process, process->id, process->id);
    list_push_back(&all_processes, &process->link);
    user_tasks_join(process);
    task->process = process;
    process_ref(process);
    task_publish(task);
    tree_unlock();
}

static enum status load(const struct process_start *start, const struct text_sink *complaints,
                        struct loaded_program *loaded) {
    struct file *file;
    enum status status =
        file_open(&start->view, start->path, OPEN_READ_ONLY | FILE_NO_WAIT, 0, &file);
    if (status != STATUS_OK || file->place.node->kind != NODE_REGULAR) {
        bool is_open = status == STATUS_OK;
        format_to(complaints, is_open ? "K308: RAM disk: not a regular file: "
                                      : "K307: RAM disk: no such file: ");
        quote_to(complaints, start->path, __builtin_strlen(start->path));
        format_to(complaints, "\n");
        if (is_open) {
            file_unref(file);
        }
        return is_open ? STATUS_ACCESS_DENIED : status;
    }
    status = node_begin_executing(file->place.node);
    if (status != STATUS_OK) {
        file_unref(file);
        return status;
    }
    const struct program_image image = {
        .file = file,
        .name = program_name(start->path),
        .path = start->path,
        .arguments = start->arguments,
        .environment = start->environment,
        .view = start->view,
    };
    status = program_load(&image, complaints, loaded);
    executable_unref(file);
    return status;
}

enum status process_create(const struct process_start *start, const struct text_sink *complaints,
                           struct process **process) {
    struct loaded_program loaded;
    enum status status = load(start, complaints, &loaded);
    if (status != STATUS_OK) {
        return status;
    }
    struct process *made;
    struct task *task;
    status = make(start, &loaded, &made, &task);
    if (status != STATUS_OK) {
        format_to(complaints, "K425: not enough memory for a process of '%s'\n",
                  program_name(start->path));
        process_memory_unref(loaded.memory);
        return status;
    }
    publish(made, task);
    *process = made;
    return STATUS_OK;
}

void process_run(struct process *process) {
    tree_lock();
    struct task *task = LIST_ENTRY(process->tasks.next, struct task, link);
    tree_unlock();
    thread_start(task->thread);
}

struct process_end process_await(struct process *process) {
    while (__atomic_load_n(&process->has_ended, __ATOMIC_ACQUIRE) == 0) {
        thread_sleep_while(&process->has_ended, 0);
    }
    tree_lock();
    struct process_end end = process->end;
    process_reap_locked(process);
    tree_unlock();
    process_unref(process);
    return end;
}
