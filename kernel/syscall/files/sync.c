#include "kernel/files/file/file.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"

/*
 * What moves contents between memory and a disk (man 2 fsync, sync, sync_file_range, readahead, man
 * 2 posix_fadvise): every file system is in memory, so all of it has been done when it is asked
 * for.
 */

static bool has_contents(const struct file *file) {
    const struct node *node = file->place.node;
    return node != nullptr && (node->kind == NODE_REGULAR || node->kind == NODE_DIRECTORY);
}

static bool is_regular(const struct file *file) {
    return file->place.node != nullptr && file->place.node->kind == NODE_REGULAR;
}

int64_t call_fsync(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status == STATUS_OK) {
        status = has_contents(file) ? STATUS_OK : STATUS_INVALID;
        file_unref(file);
    }
    return status;
}

int64_t call_sync(const struct trap_frame *frame) {
    (void)frame;
    return 0;
}

int64_t call_syncfs(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status == STATUS_OK) {
        file_unref(file);
    }
    return status;
}

int64_t call_sync_file_range(const struct trap_frame *frame) {
    constexpr uint32_t known = 7;
    int64_t offset = (int64_t)frame->rsi;
    int64_t size_bytes = (int64_t)frame->rdx;
    int64_t end;
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_wrong = __builtin_add_overflow(offset, size_bytes, &end) || offset < 0 ||
                    end < offset || ((uint32_t)frame->r10 & ~known);
    if (is_wrong) {
        status = STATUS_INVALID;
    } else if (!has_contents(file)) {
        status = STATUS_NOT_SEEKABLE;
    }
    file_unref(file);
    return status;
}

static enum status check_advice(const struct file *file, int64_t size_bytes, uint32_t advice) {
    constexpr uint32_t last = 5; /* POSIX_FADV_NOREUSE */
    const struct node *node = file->place.node;
    if (node != nullptr && node->kind == NODE_FIFO) {
        return STATUS_NOT_SEEKABLE;
    }
    return size_bytes < 0 || advice > last ? STATUS_INVALID : STATUS_OK;
}

int64_t call_fadvise64(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status == STATUS_OK) {
        status = check_advice(file, (int64_t)frame->rdx, (uint32_t)frame->r10);
        file_unref(file);
    }
    return status;
}

int64_t call_readahead(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (!(file->access & ACCESS_OF_READING)) {
        status = STATUS_BAD_DESCRIPTOR;
    } else if (!is_regular(file)) {
        status = STATUS_INVALID;
    }
    file_unref(file);
    return status;
}
