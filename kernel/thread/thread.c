#include "kernel/thread/thread.h"

#include "kernel/cpu/fpu.h"
#include "kernel/thread/scheduler.h"
#include "lib/check.h"
#include "mm/heap/heap.h"
#include "mm/space/kernel_space.h"

static struct thread first_thread;

/* A program's name may hold anything; in a report it must not begin a line of its own. */
static void copy_name(struct thread *thread, const char *name) {
    size_t length = __builtin_strlen(name);
    length = length < sizeof(thread->name) ? length : sizeof(thread->name) - 1;
    for (size_t i = 0; i < length; i++) {
        thread->name[i] = (char)((unsigned char)name[i] < ' ' ? '?' : name[i]);
    }
}

static enum status create(const char *name, void (*main)(void *), void *argument,
                          struct thread **thread) {
    struct thread *created = heap_alloc(sizeof(*created));
    if (!created) {
        return STATUS_NO_MEMORY;
    }
    char stack_name[32];
    format_buffer(stack_name, sizeof(stack_name), "kernel stack of %s", name);
    enum status status = kernel_range_alloc(THREAD_STACK_PAGES, stack_name, &created->stack);
    if (status != STATUS_OK) {
        heap_free(created);
        return status;
    }
    created->stack_top = virt_range_last(created->stack).value + 1;
    created->space = kernel_space();
    created->main = main;
    created->argument = argument;
    copy_name(created, name);
    *thread = created;
    return STATUS_OK;
}

static void prepare_context(struct thread *thread) {
    thread->context = context_create((void *)thread->stack_top, scheduler_enter_thread, thread);
}

enum status thread_create_kernel(const char *name, void (*main)(void *), void *argument,
                                 struct thread **thread) {
    enum status status = create(name, main, argument, thread);
    if (status == STATUS_OK) {
        prepare_context(*thread);
    }
    return status;
}

enum status thread_create_user(const char *name, struct address_space *space, void *owner,
                               void (*main)(void *), void *argument, struct thread **thread) {
    enum status status = create(name, main, argument, thread);
    if (status != STATUS_OK) {
        return status;
    }
    struct thread *created = *thread;
    created->space = space;
    created->owner = owner;
    created->stack_top = align_down(created->stack_top - fpu_area_size_bytes(), FPU_AREA_ALIGNMENT);
    created->fpu_area = (void *)created->stack_top;
    fpu_area_init(created->fpu_area);
    prepare_context(created);
    return STATUS_OK;
}

void thread_destroy(struct thread *thread) {
    CHECK(thread->state == THREAD_NEW || thread->is_gone == 1);
    enum status status = kernel_range_free(thread->stack.start);
    CHECK(status == STATUS_OK);
    heap_free(thread);
}

enum status thread_begin(struct virt_range stack) {
    struct thread *idle;
    struct thread *reaper;
    enum status status = thread_create_kernel("idle", scheduler_idle, nullptr, &idle);
    if (status == STATUS_OK) {
        status = thread_create_kernel("reaper", scheduler_reap, nullptr, &reaper);
    }
    if (status != STATUS_OK) {
        return status;
    }
    copy_name(&first_thread, "main");
    first_thread.space = kernel_space();
    first_thread.stack = stack;
    first_thread.stack_top = virt_range_last(stack).value + 1;
    scheduler_begin(&first_thread, idle);
    thread_start(reaper);
    return STATUS_OK;
}
