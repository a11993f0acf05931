#include "kernel/process/exec.h"

#include "kernel/cpu/context.h"
#include "kernel/cpu/fpu.h"
#include "kernel/process/executable.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/load.h"
#include "kernel/process/posix_timer.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/script.h"
#include "kernel/process/signals.h"
#include "kernel/text/silent.h"

constexpr unsigned SCRIPT_DEPTH_MAX = 5; /* as on Linux */

enum status process_exec_open(struct exec_request *request) {
    return request->place ? executable_open_place(&request->view, request->place, &request->file)
                          : executable_open(&request->view, request->path, request->open_flags,
                                            &request->file);
}

void exec_request_release(struct exec_request *request) {
    executable_unref(request->file);
    string_store_free(&request->arguments);
    string_store_free(&request->environment);
}

/* Follows "#!" lines from the file that was asked for to a program; `*file` is owned, and held as
 * an executable. */
static enum status find_program(struct exec_request *request, struct file **file) {
    enum status status = STATUS_OK;
    *file = request->file;
    request->file = nullptr;
    for (unsigned depth = 0; status == STATUS_OK; depth++) {
        struct script_line line;
        status = script_read_line(*file, &line);
        if (status != STATUS_OK || line.interpreter[0] == '\0') {
            break;
        }
        executable_unref(*file);
        *file = nullptr;
        if (depth == SCRIPT_DEPTH_MAX) {
            return STATUS_LINK_LOOP;
        }
        if (request->loses_path) {
            return STATUS_NOT_FOUND;
        }
        status = script_rewrite(request, &line);
        if (status == STATUS_OK) {
            status = executable_open(&request->view, request->interpreter, 0, file);
        }
    }
    if (status != STATUS_OK) {
        executable_unref(*file);
    }
    return status;
}

static struct string_list list_of(const struct string_store *store) {
    return (struct string_list){store->bytes, store->count};
}

static enum status load(const struct exec_request *request, struct file *file,
                        const struct text_sink *complaints, struct loaded_program *loaded) {
    const struct program_image image = {
        .file = file,
        .name = program_name(request->shown_path),
        .path = request->shown_path,
        .arguments = list_of(&request->arguments),
        .environment = list_of(&request->environment),
        .view = request->view,
    };
    return program_load(&image, complaints, loaded);
}

/* An empty list gets an empty first string, as on Linux: programs take argv[0] for granted. */
static enum status complete(struct exec_request *request) {
    return request->arguments.count == 0 ? string_store_add(&request->arguments, "") : STATUS_OK;
}

struct sharer_search {
    const struct task *task;
    bool is_found;
};

static void find_sharer(void *context, struct process *process) NO_CAPABILITY_CHECK {
    struct sharer_search *search = context;
    for (struct list_node *at = process->tasks.next; at != &process->tasks; at = at->next) {
        const struct task *other = LIST_ENTRY(at, struct task, link);
        search->is_found |= other != search->task && other->files == search->task->files;
    }
}

/* Who only looks at a table for a moment has a reference too, and does not count. */
static bool shares_files(const struct task *task) {
    struct sharer_search search = {.task = task};
    if (descriptor_table_has_others(task->files)) {
        tree_lock();
        process_for_each(find_sharer, &search);
        tree_unlock();
    }
    return search.is_found;
}

/* By the only task of its process. A table that is nobody else's stays, and record locks with it
 * (man 2 fcntl: they are preserved across an execve). */
static enum status own_files(struct task *task) {
    if (!shares_files(task)) {
        return STATUS_OK;
    }
    struct descriptor_table *own;
    enum status status = descriptor_table_clone(task->files, &own);
    if (status == STATUS_OK) {
        task_set_files(task, own);
    }
    return status;
}

/* The only task left goes by the process's number from here on (man 2 execve). */
static void become_leader(struct task *task) {
    struct process *process = task->process;
    struct list_node gone;
    list_init(&gone);
    tree_lock();
    if (task->id != process->id) {
        trace_become_leader(task, &gone);
        task->id->task = nullptr;
        id_release(task->id);
        task->id = process->id;
        id_hold(task->id);
        task->id->task = task;
        task->number = process->number;
        user_tasks_refresh(process);
    }
    process->has_started_program = true;
    tree_unlock();
    traces_free(&gone);
}

/* The program's rights come with its memory: who may look at the old ones never sees the new one.
 */
static void take_memory(struct task *task, const struct loaded_program *loaded) {
    struct process *process = task->process;
    task_release_futexes(task);
    thread_set_space(loaded->memory->space);
    tree_lock();
    struct process_memory *before = process->memory;
    process->memory = loaded->memory;
    program_rights_take(task, &loaded->rights);
    tree_unlock();
    vfork_end(task);
    process_memory_unref(before);
}

static void forget_program(struct task *task) {
    task->signal_stack = (struct signal_stack){.flags = STACK_DISABLED};
    task->robust_list = 0;
    task->clear_id_address = 0;
    task->rseq_address = 0;
    task->has_left_futexes = false;
    task->process->barrier_registrations = 0;
    fpu_reset(task->thread->fpu_area);
    user_set_fs_base(virt_addr(0));
    user_set_gs_base(virt_addr(0));
}

/* From here on nothing fails: what could has been done. */
static void replace(struct task *task, const struct exec_request *request,
                    const struct loaded_program *loaded, struct trap_frame *frame) {
    become_leader(task);
    take_memory(task, loaded);
    forget_program(task);
    descriptor_close_marked(task->files);
    __atomic_store_n(&task->process->keeps_capabilities, false, __ATOMIC_RELAXED);
    task_set_name(task, program_name(request->shown_path));
    context_user_frame(frame, loaded->entry, loaded->stack_pointer);
}

/* Ends the other tasks. Errors: STATUS_INTERRUPTED; STATUS_NO_MEMORY, and the process is to end:
 * they are gone, so there is nothing to go back to. */
static enum status be_alone(struct task *task) {
    if (!process_end_others()) {
        return STATUS_INTERRUPTED;
    }
    enum status status = own_files(task);
    if (status != STATUS_OK) {
        process_end_soon((struct process_end){.signal = SIGNAL_SEGV});
    }
    return status;
}

enum status process_exec(struct exec_request *request, struct trap_frame *frame) {
    struct task *task = task_current();
    struct file *file;
    enum status status = find_program(request, &file);
    if (status == STATUS_OK) {
        status = complete(request);
    } else {
        return status;
    }
    struct loaded_program loaded = {};
    if (status == STATUS_OK) {
        status = load(request, file, silent_sink(), &loaded);
    }
    executable_unref(file);
    if (status == STATUS_NOT_EXECUTABLE && loaded.is_recognised) {
        /* Linux looks at segments when the old program is gone already: nothing to go back to. */
        process_end_soon((struct process_end){.signal = SIGNAL_SEGV});
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct signal_actions *actions = nullptr;
    status = signal_actions_create(&actions);
    if (status == STATUS_OK) {
        status = be_alone(task);
    }
    if (status != STATUS_OK) {
        signal_actions_unref(actions);
        process_memory_unref(loaded.memory);
        return status;
    }
    signal_actions_own(task->process, actions);
    posix_timers_end(task->process);
    const uint32_t number = task->number;
    replace(task, request, &loaded, frame);
    trace_exec(frame, number);
    return STATUS_OK;
}
