#include "kernel/process/process.h"

#include "kernel/cpu/context.h"
#include "kernel/process/load.h"
#include "kernel/text/quote.h"
#include "lib/check.h"
#include "mm/heap/heap.h"

static uint32_t last_id; /* atomic */

/* The last component of the path, cut. Reports hold it, and it must not begin a line of its own. */
static void copy_name(struct process *process, const char *path) {
    const char *name = path;
    for (const char *at = path; *at != '\0'; at++) {
        name = *at == '/' ? at + 1 : name;
    }
    size_t length = __builtin_strlen(name);
    length = length < sizeof(process->name) ? length : sizeof(process->name) - 1;
    for (size_t i = 0; i < length; i++) {
        bool is_control = (unsigned char)name[i] < ' ';
        process->name[i] = is_control ? '?' : name[i];
    }
}

/* The first code of a process's thread, on its kernel stack. */
static void enter_program(void *argument) {
    struct process *process = argument;
    struct trap_frame frame;
    context_user_frame(&frame, process->entry, process->stack_pointer);
    context_enter_user(&frame);
}

static void release(struct process *process) {
    if (process->thread) {
        thread_destroy(process->thread);
    }
    if (process->space) {
        enum status status = space_destroy(process->space);
        CHECK(status == STATUS_OK); /* its only thread is gone, so no CPU is in it */
    }
    heap_free(process);
}

static enum status build(struct process *process, const struct process_program *program,
                         const struct text_sink *complaints) {
    enum status status = space_create(process->name, &process->space);
    if (status == STATUS_OK) {
        status = thread_create_user(process->name, process->space, process, enter_program, process,
                                    &process->thread);
    }
    if (status != STATUS_OK) {
        format_to(complaints, "K425: not enough memory for a process of '%s'\n", process->name);
        return status;
    }
    return process_load(process, program, complaints);
}

enum status process_create(const struct process_program *program,
                           const struct text_sink *complaints, struct process **process) {
    struct process *created = heap_alloc(sizeof(*created));
    if (!created) {
        format_to(complaints, "K425: not enough memory for a process of ");
        quote_to(complaints, program->path, __builtin_strlen(program->path));
        format_to(complaints, "\n");
        return STATUS_NO_MEMORY;
    }
    created->id = __atomic_add_fetch(&last_id, 1, __ATOMIC_RELAXED);
    created->terminal = program->terminal;
    copy_name(created, program->path);
    enum status status = build(created, program, complaints);
    if (status != STATUS_OK) {
        release(created);
        return status;
    }
    *process = created;
    return STATUS_OK;
}

void process_start(struct process *process) {
    thread_start(process->thread);
}

struct process_end process_wait(struct process *process) {
    thread_wait(process->thread);
    struct process_end end = process->end;
    release(process);
    return end;
}

struct process *process_current(void) {
    struct thread *thread = thread_current();
    return thread ? thread->owner : nullptr;
}

[[noreturn]] void process_exit(unsigned exit_code) {
    process_current()->end.exit_code = exit_code & 0xff;
    thread_end();
}

[[noreturn]] void process_kill(unsigned signal) {
    process_current()->end.signal = signal;
    thread_end();
}
