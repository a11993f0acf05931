#include "kernel/process/lifecycle.h"

/* man 2 unshare. */

constexpr uint64_t UNSHARED_AT_ALL = CLONE_THREAD | CLONE_FS | CLONE_SIGHAND | CLONE_VM |
                                     CLONE_FILES | CLONE_SYSVSEM | CLONE_NAMESPACES;
constexpr uint64_t CLONE_NEWUSER = 0x10000000;
constexpr uint64_t CLONE_NEWIPC = 0x08000000;

void task_set_files(struct task *task, struct descriptor_table *files) {
    tree_lock();
    struct descriptor_table *before = task->files;
    task->files = files;
    tree_unlock();
    descriptor_table_unref(before);
}

static void set_places(struct task *task, struct file_context *places) {
    tree_lock();
    struct file_context *before = task->places;
    task->places = places;
    before->task_count--;
    places->task_count++;
    tree_unlock();
    file_context_unref(before);
}

/* What comes with what is asked for. */
static uint64_t with_implied(uint64_t flags) {
    flags |= flags & CLONE_NEWUSER ? CLONE_THREAD | CLONE_FS : 0;
    flags |= flags & CLONE_VM ? CLONE_SIGHAND : 0;
    flags |= flags & CLONE_SIGHAND ? CLONE_THREAD : 0;
    flags |= flags & CLONE_NEWNS ? CLONE_FS : 0;
    return flags | (flags & CLONE_NEWIPC ? CLONE_SYSVSEM : 0);
}

/* Memory and what signals do stay shared: so they must not be. */
static enum status check_alone(const struct process *process, uint64_t flags) {
    bool has_threads = process_has_threads();
    bool shares_actions = __atomic_load_n(&process->actions->reference_count, __ATOMIC_ACQUIRE) > 1;
    bool shares_memory = __atomic_load_n(&process->memory->reference_count, __ATOMIC_ACQUIRE) > 1;
    bool is_shared = has_threads || ((flags & CLONE_SIGHAND) && shares_actions) ||
                     ((flags & CLONE_VM) && shares_memory);
    return (flags & (CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)) && is_shared ? STATUS_INVALID
                                                                            : STATUS_OK;
}

/* There are none but those that everybody has, as in a Linux that was built without. */
static enum status check_namespaces(uint64_t flags) {
    if (flags & CLONE_NEWUSER) {
        return STATUS_INVALID;
    }
    if (!(flags & CLONE_NAMESPACES)) {
        return STATUS_OK;
    }
    return process_has_capabilities() ? STATUS_INVALID : STATUS_NOT_PERMITTED;
}

static enum status check(const struct process *process, uint64_t flags) {
    if (flags & ~UNSHARED_AT_ALL) {
        return STATUS_INVALID;
    }
    enum status status = check_alone(process, flags);
    return status == STATUS_OK ? check_namespaces(flags) : status;
}

enum status task_unshare(uint64_t flags) {
    struct task *task = task_current();
    struct file_context *places = nullptr;
    struct descriptor_table *files = nullptr;
    flags = with_implied(flags);
    enum status status = check(task->process, flags);
    if (status == STATUS_OK && (flags & CLONE_FS)) {
        status = file_context_clone(task->places, &places);
    }
    if (status == STATUS_OK && (flags & CLONE_FILES)) {
        status = descriptor_table_clone(task->files, &files);
    }
    if (status != STATUS_OK) {
        file_context_unref(places);
        return status;
    }
    if (places != nullptr) {
        set_places(task, places);
    }
    if (files != nullptr) {
        task_set_files(task, files);
    }
    if (flags & CLONE_SYSVSEM) {
        const struct ipc_caller caller = process_ipc_caller();
        semaphore_undos_apply(&task->process->semaphore_undos, &caller);
    }
    return STATUS_OK;
}
