#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/file/open.h"
#include "kernel/files/node/attributes.h"
#include "kernel/process/tree_lock.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "lib/check.h"

constexpr uint32_t CLOSE_RANGE_UNSHARE = 2;
constexpr uint32_t CLOSE_RANGE_CLOEXEC = 4;

static struct descriptor_table *own_table(void) {
    return task_current()->files;
}

int64_t call_close(const struct trap_frame *frame) {
    return descriptor_close(own_table(), (uint32_t)frame->rdi);
}

/* From here on the task's table is its own; others of the process keep the old one. */
static enum status unshare_table(void) {
    struct descriptor_table *copy;
    enum status status = descriptor_table_clone(own_table(), &copy);
    if (status != STATUS_OK) {
        return status;
    }
    struct task *task = task_current();
    tree_lock();
    struct descriptor_table *before = task->files;
    task->files = copy;
    tree_unlock();
    descriptor_table_unref(before);
    return STATUS_OK;
}

int64_t call_close_range(const struct trap_frame *frame) {
    uint32_t first = (uint32_t)frame->rdi;
    uint32_t last = (uint32_t)frame->rsi;
    uint32_t flags = (uint32_t)frame->rdx;
    if ((flags & ~(CLOSE_RANGE_UNSHARE | CLOSE_RANGE_CLOEXEC)) || first > last) {
        return STATUS_INVALID;
    }
    if (flags & CLOSE_RANGE_UNSHARE) {
        enum status status = unshare_table();
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (flags & CLOSE_RANGE_CLOEXEC) {
        descriptor_mark_range(own_table(), first, last);
    } else {
        descriptor_close_range(own_table(), first, last);
    }
    return 0;
}

int64_t call_dup(const struct trap_frame *frame) {
    struct file *file;
    enum status status = any_file(frame->rdi, &file);
    return status == STATUS_OK ? install_file(file, 0, false) : status;
}

static int64_t copy_to(uint32_t from, uint32_t to, bool closes_on_exec) {
    enum status status =
        descriptor_copy_to(own_table(), from, to, descriptor_limit(), closes_on_exec);
    return status == STATUS_OK ? (int64_t)to : status;
}

int64_t call_dup2(const struct trap_frame *frame) {
    uint32_t from = (uint32_t)frame->rdi;
    uint32_t to = (uint32_t)frame->rsi;
    if (from != to) {
        return copy_to(from, to, false);
    }
    struct file *file;
    enum status status = any_file(from, &file);
    file_unref(file);
    return status == STATUS_OK ? (int64_t)to : status;
}

int64_t call_dup3(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->rdx;
    if ((flags & ~OPEN_CLOSE_ON_EXEC) || (uint32_t)frame->rdi == (uint32_t)frame->rsi) {
        return STATUS_INVALID;
    }
    return copy_to((uint32_t)frame->rdi, (uint32_t)frame->rsi, flags != 0);
}

static int64_t make_pipe(uint64_t address, uint32_t flags) {
    constexpr uint32_t of_files = FILE_NO_WAIT | FILE_DIRECT;
    if (flags & ~(OPEN_CLOSE_ON_EXEC | of_files)) {
        return STATUS_INVALID;
    }
    struct file *ends[2];
    struct credentials credentials = acting_credentials();
    enum status status = file_open_pipe(&credentials, flags & of_files, &ends[0], &ends[1]);
    return status == STATUS_OK ? install_two_files(ends, flags & OPEN_CLOSE_ON_EXEC, address)
                               : status;
}

int64_t call_pipe(const struct trap_frame *frame) {
    return make_pipe(frame->rdi, 0);
}

int64_t call_pipe2(const struct trap_frame *frame) {
    return make_pipe(frame->rdi, (uint32_t)frame->rsi);
}
