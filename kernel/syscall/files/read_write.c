#include "kernel/syscall/files/read_write.h"

#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/user_transfer.h"

enum status check_may_read(const struct file *file) {
    if (!(file->access & ACCESS_OF_READING)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    return file->operations->read == nullptr ? STATUS_INVALID : STATUS_OK;
}

enum status check_may_write(const struct file *file) {
    if (!(file->access & ACCESS_OF_WRITING)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    return file->operations->write == nullptr ? STATUS_INVALID : STATUS_OK;
}

struct transfer limited_to_file_size(struct transfer transfer) {
    transfer.position_limit = process_current()->limits[RESOURCE_FILE_SIZE].soft;
    return transfer;
}

int64_t read_result(enum status status, const struct transfer *transfer) {
    return status == STATUS_OK ? (int64_t)transfer->done_bytes : status;
}

int64_t write_result(enum status status, const struct transfer *transfer) {
    if (status == STATUS_BROKEN_PIPE && !transfer->breaks_silently) {
        signal_caller(SIGNAL_PIPE);
    }
    if (status == STATUS_FILE_TOO_LARGE && transfer->position_limit < INT64_MAX) {
        signal_caller(SIGNAL_XFSZ);
    }
    return read_result(status, transfer);
}

enum status check_file_size(uint64_t size_bytes) {
    if (size_bytes <= process_current()->limits[RESOURCE_FILE_SIZE].soft) {
        return STATUS_OK;
    }
    signal_caller(SIGNAL_XFSZ);
    return STATUS_FILE_TOO_LARGE;
}

/* One of the two ways that bytes go. */
struct direction {
    enum status (*check)(const struct file *file);
    struct transfer (*limited)(struct transfer transfer);
    enum status (*move)(struct file *file, struct transfer *transfer);
    enum status (*move_at)(struct file *file, int64_t offset, struct transfer *transfer);
    int64_t (*result)(enum status status, const struct transfer *transfer);
    void (*count)(struct process_moved *moved, int64_t result);
};

static void add(uint64_t *calls, uint64_t *bytes, int64_t result) {
    __atomic_fetch_add(calls, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(bytes, result > 0 ? (uint64_t)result : 0, __ATOMIC_RELAXED);
}

static void count_reading(struct process_moved *moved, int64_t result) {
    add(&moved->read_calls, &moved->read_bytes, result);
}

static void count_writing(struct process_moved *moved, int64_t result) {
    add(&moved->write_calls, &moved->written_bytes, result);
}

static struct transfer unlimited(struct transfer transfer) {
    return transfer;
}

static struct transfer appending(struct transfer transfer) {
    transfer.appends = true;
    return limited_to_file_size(transfer);
}

static const struct direction READING = {check_may_read, unlimited,   file_read,
                                         file_read_at,   read_result, count_reading};
static const struct direction WRITING = {check_may_write, limited_to_file_size, file_write,
                                         file_write_at,   write_result,         count_writing};
static const struct direction APPENDING = {check_may_write, appending,    file_write,
                                           file_write_at,   write_result, count_writing};

static int64_t counted(const struct direction *direction, enum status status,
                       const struct transfer *transfer) {
    int64_t result = direction->result(status, transfer);
    direction->count(&process_current()->moved, result);
    return result;
}

/* At the file's own position. */
static int64_t move(const struct direction *direction, struct file *file,
                    struct user_buffer *buffer) {
    struct transfer transfer = direction->limited(user_transfer(buffer));
    enum status status = direction->move(file, &transfer);
    return counted(direction, status, &transfer);
}

static int64_t move_at(const struct direction *direction, struct file *file, int64_t offset,
                       struct user_buffer *buffer) {
    struct transfer transfer = direction->limited(user_transfer(buffer));
    enum status status = direction->move_at(file, offset, &transfer);
    return counted(direction, status, &transfer);
}

static enum status begin(const struct direction *direction, uint64_t descriptor,
                         struct file **file) {
    enum status status = open_file(descriptor, file);
    if (status == STATUS_OK) {
        status = direction->check(*file);
        if (status != STATUS_OK) {
            file_unref(*file);
        }
    }
    return status;
}

/* For what has a position. Linux looks at the offset, then at the file, then at its mode. */
static enum status begin_at(const struct direction *direction, uint64_t descriptor, int64_t offset,
                            struct file **file) {
    if (offset < 0) {
        return STATUS_INVALID;
    }
    enum status status = open_file(descriptor, file);
    if (status != STATUS_OK) {
        return status;
    }
    status = (*file)->operations->is_seekable ? direction->check(*file) : STATUS_NOT_SEEKABLE;
    if (status != STATUS_OK) {
        file_unref(*file);
    }
    return status;
}

static int64_t move_single(const struct direction *direction, const struct trap_frame *frame) {
    struct file *file;
    enum status status = begin(direction, frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct user_buffer buffer;
    status = user_buffer_single(&buffer, frame->rsi, frame->rdx);
    int64_t result = status == STATUS_OK ? move(direction, file, &buffer) : status;
    file_unref(file);
    return result;
}

static int64_t move_single_at(const struct direction *direction, const struct trap_frame *frame) {
    struct file *file;
    int64_t offset = (int64_t)frame->r10;
    enum status status = begin_at(direction, frame->rdi, offset, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct user_buffer buffer;
    status = user_buffer_single(&buffer, frame->rsi, frame->rdx);
    int64_t result = status == STATUS_OK ? move_at(direction, file, offset, &buffer) : status;
    file_unref(file);
    return result;
}

/* Vectors of nothing at all move nothing, whatever the file. */
static int64_t move_vectors(const struct direction *direction, const struct trap_frame *frame) {
    struct file *file;
    enum status status = begin(direction, frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct user_buffer buffer;
    int64_t result = user_buffer_gather(&buffer, frame->rsi, frame->rdx);
    if (result == STATUS_OK) {
        result = buffer.size_bytes > 0 ? move(direction, file, &buffer) : 0;
        user_buffer_release(&buffer);
    }
    file_unref(file);
    return result;
}

static int64_t move_vectors_at(const struct direction *direction, const struct trap_frame *frame) {
    struct file *file;
    int64_t offset = (int64_t)frame->r10;
    enum status status = begin_at(direction, frame->rdi, offset, &file);
    if (status != STATUS_OK) {
        return status;
    }
    struct user_buffer buffer;
    int64_t result = user_buffer_gather(&buffer, frame->rsi, frame->rdx);
    if (result == STATUS_OK) {
        result = buffer.size_bytes > 0 ? move_at(direction, file, offset, &buffer) : 0;
        user_buffer_release(&buffer);
    }
    file_unref(file);
    return result;
}

int64_t call_read(const struct trap_frame *frame) {
    return move_single(&READING, frame);
}

int64_t call_write(const struct trap_frame *frame) {
    return move_single(&WRITING, frame);
}

int64_t call_pread64(const struct trap_frame *frame) {
    return move_single_at(&READING, frame);
}

int64_t call_pwrite64(const struct trap_frame *frame) {
    return move_single_at(&WRITING, frame);
}

int64_t call_readv(const struct trap_frame *frame) {
    return move_vectors(&READING, frame);
}

int64_t call_writev(const struct trap_frame *frame) {
    return move_vectors(&WRITING, frame);
}

int64_t call_preadv(const struct trap_frame *frame) {
    return move_vectors_at(&READING, frame);
}

int64_t call_pwritev(const struct trap_frame *frame) {
    return move_vectors_at(&WRITING, frame);
}

/* Flags of man 2 preadv2 that hold anyway: RWF_HIPRI, RWF_DSYNC, RWF_SYNC. */
constexpr uint32_t FLAGS_THAT_HOLD = 1 | 2 | 4;

constexpr uint32_t FLAG_APPEND = 0x10; /* RWF_APPEND */

static int64_t move_anywhere(const struct direction *direction, const struct trap_frame *frame) {
    constexpr int64_t at_own_position = -1;
    return (int64_t)frame->r10 == at_own_position ? move_vectors(direction, frame)
                                                  : move_vectors_at(direction, frame);
}

int64_t call_preadv2(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->r9;
    return flags & ~FLAGS_THAT_HOLD ? STATUS_NOT_SUPPORTED : move_anywhere(&READING, frame);
}

int64_t call_pwritev2(const struct trap_frame *frame) {
    uint32_t flags = (uint32_t)frame->r9;
    if (flags & ~(FLAGS_THAT_HOLD | FLAG_APPEND)) {
        return STATUS_NOT_SUPPORTED;
    }
    return move_anywhere(flags & FLAG_APPEND ? &APPENDING : &WRITING, frame);
}

int64_t call_lseek(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t position = 0;
    uint32_t origin = (uint32_t)frame->rdx;
    status =
        origin > TO_HOLE ? STATUS_INVALID : file_seek(file, (int64_t)frame->rsi, origin, &position);
    file_unref(file);
    return status == STATUS_OK ? position : status;
}
