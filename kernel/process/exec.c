#include "kernel/process/exec.h"

#include "kernel/cpu/context.h"
#include "kernel/cpu/fpu.h"
#include "kernel/process/executable.h"
#include "kernel/process/lifecycle.h"
#include "kernel/process/load.h"
#include "kernel/process/posix_timer.h"
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

/* A table of its own, in case somebody else will still have the one it uses; else null. */
static enum status copy_files(const struct task *task, struct descriptor_table **copy) {
    *copy = nullptr;
    bool is_shared = descriptor_table_is_shared(task->files);
    return is_shared ? descriptor_table_clone(task->files, copy) : STATUS_OK;
}

/* The other threads are gone: only another process can share the table now. Where none does, it
 * stays, since it is what the process's locks of files are held by. */
static void own_files(struct task *task, struct descriptor_table *copy) {
    if (copy && descriptor_table_is_shared(task->files)) {
        tree_lock();
        struct descriptor_table *before = task->files;
        task->files = copy;
        tree_unlock();
        copy = before;
    }
    if (copy) {
        descriptor_table_unref(copy);
    }
}

/* The only task left goes by the process's number from here on (man 2 execve). */
static void become_leader(struct task *task) {
    struct process *process = task->process;
    tree_lock();
    if (task->id != process->id) {
        task->id->task = nullptr;
        id_release(task->id);
        task->id = process->id;
        id_hold(task->id);
        task->id->task = task;
        task->number = process->number;
    }
    process->has_started_program = true;
    tree_unlock();
}

static void take_memory(struct task *task, struct process_memory *memory) {
    struct process *process = task->process;
    task_release_futexes(task);
    thread_set_space(memory->space);
    tree_lock();
    struct process_memory *before = process->memory;
    process->memory = memory;
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
    __atomic_store_n(&task->process->keeps_capabilities, false, __ATOMIC_RELAXED);
    task->process->barrier_registrations = 0;
    fpu_area_init(task->thread->fpu_area);
    fpu_restore(task->thread->fpu_area);
    user_set_fs_base(virt_addr(0));
    user_set_gs_base(virt_addr(0));
}

/* From here on nothing fails: what could has been done. */
static void replace(struct task *task, const struct exec_request *request,
                    const struct loaded_program *loaded, struct trap_frame *frame) {
    become_leader(task);
    take_memory(task, loaded->memory);
    forget_program(task);
    descriptor_close_marked(task->files);
    program_rights_take(task, &loaded->rights);
    task_set_name(task, request->shown_path);
    context_user_frame(frame, loaded->entry, loaded->stack_pointer);
}

/* Linux looks at a program's segments when the old one is gone already: there is nothing to go back
 * to. */
static void end_for_bad_segments(void) {
    if (process_end_others()) {
        process_kill(SIGNAL_SEGV);
    }
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
        end_for_bad_segments();
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct signal_actions *actions = nullptr;
    struct descriptor_table *files = nullptr;
    status = signal_actions_create(&actions);
    if (status == STATUS_OK) {
        status = copy_files(task, &files);
    }
    if (status == STATUS_OK && !process_end_others()) {
        status = STATUS_INTERRUPTED;
    }
    if (status != STATUS_OK) {
        if (files) {
            descriptor_table_unref(files);
        }
        signal_actions_unref(actions);
        process_memory_unref(loaded.memory);
        return status;
    }
    own_files(task, files);
    signal_actions_own(task->process, actions);
    posix_timers_end(task->process);
    replace(task, request, &loaded, frame);
    return STATUS_OK;
}
