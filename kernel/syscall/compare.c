#include "kernel/process/process.h"
#include "kernel/process/rights.h"
#include "kernel/random/random.h"
#include "kernel/syscall/calls.h"

/* man 2 kcmp: whether two tasks share something. */

enum compared : uint32_t {
    COMPARE_FILE,
    COMPARE_MEMORY,
    COMPARE_FILES,
    COMPARE_PLACES,
    COMPARE_ACTIONS,
    COMPARE_IO,
    COMPARE_SEMAPHORES,
    COMPARE_COUNT,
};

/* An order that says nothing of addresses: each is mixed with a number that nobody knows. */
static uint64_t obscure(const void *what) {
    static uint64_t secret; /* 0: not chosen yet; atomic */
    uint64_t seen = __atomic_load_n(&secret, __ATOMIC_RELAXED);
    if (seen == 0) {
        uint64_t chosen = 0;
        random_fill_weakly(&chosen, sizeof(chosen));
        chosen |= 1;
        seen = __atomic_compare_exchange_n(&secret, &seen, chosen, false, __ATOMIC_RELAXED,
                                           __ATOMIC_RELAXED)
                   ? chosen
                   : seen;
    }
    return ((uint64_t)what ^ seen) * seen;
}

static int64_t compare(const void *a, const void *b) {
    uint64_t first = obscure(a);
    uint64_t second = obscure(b);
    return first == second ? 0 : first < second ? 1 : 2;
}

static const void *part(const struct task *task, enum compared what) REQUIRES(process_tree) {
    switch (what) {
    case COMPARE_MEMORY:
        return task->process->memory;
    case COMPARE_FILES:
        return task->files;
    case COMPARE_PLACES:
        return task->places;
    case COMPARE_ACTIONS:
        return task->process->actions;
    case COMPARE_FILE:
    case COMPARE_IO:
    case COMPARE_SEMAPHORES:
    case COMPARE_COUNT:
        break;
    }
    return nullptr; /* nobody has any */
}

/* The table is held while the tree's lock is not. */
static int64_t find_file(uint32_t task_number, uint64_t descriptor, struct file **file) {
    struct descriptor_table *table = nullptr;
    tree_lock();
    const struct id *id = id_find(task_number);
    if (id && id->task && id->task->files) {
        table = id->task->files;
        descriptor_table_ref(table);
    }
    tree_unlock();
    if (!table) {
        return STATUS_NO_SUCH_PROCESS;
    }
    enum status status = descriptor_get(table, (uint32_t)descriptor, file);
    descriptor_table_unref(table);
    return status;
}

static int64_t compare_files(const struct trap_frame *frame) {
    struct file *first;
    struct file *second;
    int64_t status = find_file((uint32_t)frame->rdi, frame->r10, &first);
    if (status != STATUS_OK) {
        return status;
    }
    status = find_file((uint32_t)frame->rsi, frame->r8, &second);
    if (status == STATUS_OK) {
        status = compare(first, second);
        file_unref(second);
    }
    file_unref(first);
    return status;
}

int64_t call_kcmp(const struct trap_frame *frame) {
    enum compared what = (enum compared)(uint32_t)frame->rdx;
    int64_t result = STATUS_NO_SUCH_PROCESS;
    tree_lock();
    const struct id *first = id_find((uint32_t)frame->rdi);
    const struct id *second = id_find((uint32_t)frame->rsi);
    if (first && first->task && second && second->task) {
        bool is_allowed = may_trace(first->task->process) && may_trace(second->task->process);
        result = is_allowed ? compare(part(first->task, what), part(second->task, what))
                            : STATUS_NOT_PERMITTED;
    }
    tree_unlock();
    if (result >= 0 && what >= COMPARE_COUNT) {
        return STATUS_INVALID;
    }
    return result >= 0 && what == COMPARE_FILE ? compare_files(frame) : result;
}
