#include "kernel/cpu/user_copy.h"
#include "kernel/files/file/file.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"

/* Bytes in and out of files. */

constexpr uint64_t IO_MAX = 0x7ffff000;        /* what one call transfers at most, as on Linux */
constexpr int64_t VECTOR_MAX = 1024;           /* UIO_MAXIOV */

struct io_vector {
    uint64_t base, size_bytes;
};

static size_t put(void *context, size_t offset, const void *bytes, size_t size_bytes) {
    return user_copy_out(virt_addr(*(uint64_t *)context + offset), bytes, size_bytes);
}

static size_t take(void *context, size_t offset, void *bytes, size_t size_bytes) {
    return user_copy_in(bytes, virt_addr(*(uint64_t *)context + offset), size_bytes);
}

static const struct transfer_side user_side = {put, take};

typedef enum status file_mover(struct file *file, struct transfer *transfer);

static int64_t move(file_mover *mover, uint32_t descriptor, uint64_t address, uint64_t size_bytes) {
    struct file *file;
    enum status status = descriptor_get(task_current()->files, descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    size_bytes = size_bytes < IO_MAX ? size_bytes : IO_MAX;
    struct transfer transfer = transfer_begin(&user_side, &address, size_bytes);
    status = mover(file, &transfer);
    file_unref(file);
    return status == STATUS_OK ? (int64_t)transfer.done_bytes : status;
}

int64_t call_read(const struct trap_frame *frame) {
    return move(file_read, (uint32_t)frame->rdi, frame->rsi, frame->rdx);
}

int64_t call_write(const struct trap_frame *frame) {
    return move(file_write, (uint32_t)frame->rdi, frame->rsi, frame->rdx);
}

int64_t call_writev(const struct trap_frame *frame) {
    int64_t done = 0;
    for (int64_t i = 0; i < (int64_t)frame->rdx && i < VECTOR_MAX; i++) {
        struct io_vector vector;
        uint64_t at = frame->rsi + (uint64_t)i * sizeof(vector);
        if (user_copy_in(&vector, virt_addr(at), sizeof(vector)) != 0) {
            return STATUS_FAULT;
        }
        int64_t result = move(file_write, (uint32_t)frame->rdi, vector.base, vector.size_bytes);
        if (result < 0) {
            return done > 0 ? done : result;
        }
        done += result;
    }
    return done;
}

int64_t call_ioctl(const struct trap_frame *frame) {
    struct file *file;
    enum status status = descriptor_get(task_current()->files, (uint32_t)frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = file_control(file, (uint32_t)frame->rsi, frame->rdx);
    file_unref(file);
    return status;
}
