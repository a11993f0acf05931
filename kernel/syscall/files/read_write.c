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
    struct credentials credentials = acting_credentials();
    transfer.position_limit = process_current()->limits[RESOURCE_FILE_SIZE].soft;
    transfer.keeps_set_bits = credentials_are_root(&credentials);
    return transfer;
}

int64_t read_result(enum status status, const struct transfer *transfer) {
    return status == STATUS_OK ? (int64_t)transfer->done_bytes : status;
}

int64_t write_result(enum status status, const struct transfer *transfer) {
    bool is_broken = status == STATUS_BROKEN_PIPE || transfer->is_broken;
    if (is_broken && !transfer->breaks_silently) {
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
    struct transfer (*limited)(struct transfer transfer, enum append_mode append);
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

static struct transfer unlimited(struct transfer transfer, enum append_mode append) {
    (void)append;
    return transfer;
}

static struct transfer limited(struct transfer transfer, enum append_mode append) {
    transfer.append = append;
    return limited_to_file_size(transfer);
}

static const struct direction READING = {check_may_read, unlimited,   file_read,
                                         file_read_at,   read_result, count_reading};
static const struct direction WRITING = {check_may_write, limited,      file_write,
                                         file_write_at,   write_result, count_writing};

static int64_t counted(const struct direction *direction, enum status status,
                       const struct transfer *transfer) {
    int64_t result = direction->result(status, transfer);
    direction->count(&process_current()->moved, result);
    return result;
}

/* Flags of man 2 preadv2. */
constexpr uint32_t FLAGS_THAT_HOLD = 1 | 2 | 4; /* RWF_HIPRI, RWF_DSYNC, RWF_SYNC: anyway */
constexpr uint32_t FLAG_APPEND = 0x10;          /* RWF_APPEND */
constexpr uint32_t FLAG_NO_APPEND = 0x20;       /* RWF_NOAPPEND */

/* What a call wants moved; one of user_buffer_single and user_buffer_gather takes the memory. */
struct move_request {
    const struct direction *direction;
    enum status (*gather)(struct user_buffer *buffer, uint64_t address, uint64_t count);
    bool has_offset; /* else the file's own position counts, which moves */
    int64_t offset;
    uint32_t flags;
};

static enum append_mode append_mode_of(uint32_t flags) {
    return flags & FLAG_APPEND      ? APPEND_ALWAYS
           : flags & FLAG_NO_APPEND ? APPEND_NEVER
                                    : APPEND_AS_FILE;
}

static enum status check_flags(uint32_t flags) {
    constexpr uint32_t both = FLAG_APPEND | FLAG_NO_APPEND;
    if (flags & ~(FLAGS_THAT_HOLD | both)) {
        return STATUS_NOT_SUPPORTED;
    }
    return (flags & both) == both ? STATUS_INVALID : STATUS_OK;
}

static int64_t move_buffer(const struct move_request *request, struct file *file,
                           struct user_buffer *buffer) {
    const struct direction *direction = request->direction;
    enum status status = check_flags(request->flags);
    if (status != STATUS_OK) {
        return status;
    }
    struct transfer transfer =
        direction->limited(user_transfer(buffer), append_mode_of(request->flags));
    status = request->has_offset ? direction->move_at(file, request->offset, &transfer)
                                 : direction->move(file, &transfer);
    return counted(direction, status, &transfer);
}

/* Vectors of nothing at all move nothing, whatever the file. */
static int64_t move_gathered(const struct move_request *request, struct file *file,
                             const struct trap_frame *frame) {
    struct user_buffer buffer;
    enum status status = request->gather(&buffer, frame->rsi, frame->rdx);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_nothing = request->gather == user_buffer_gather && buffer.size_bytes == 0;
    int64_t result = is_nothing ? 0 : move_buffer(request, file, &buffer);
    user_buffer_release(&buffer);
    return result;
}

/* Linux looks at the offset, then at the file, whether it has a position, then at its mode. */
static int64_t move(const struct move_request *request, const struct trap_frame *frame) {
    struct file *file;
    if (request->has_offset && request->offset < 0) {
        return STATUS_INVALID;
    }
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    bool has_position = file->operations->is_seekable || !request->has_offset;
    status = has_position ? request->direction->check(file) : STATUS_NOT_SEEKABLE;
    int64_t result = status == STATUS_OK ? move_gathered(request, file, frame) : status;
    file_unref(file);
    return result;
}

static int64_t move_at_position(const struct direction *direction, const struct trap_frame *frame) {
    const struct move_request request = {.direction = direction, .gather = user_buffer_single};
    return move(&request, frame);
}

static int64_t move_at_offset(const struct direction *direction, const struct trap_frame *frame) {
    const struct move_request request = {
        .direction = direction,
        .gather = user_buffer_single,
        .has_offset = true,
        .offset = (int64_t)frame->r10,
    };
    return move(&request, frame);
}

static int64_t move_vectors_at_position(const struct direction *direction,
                                        const struct trap_frame *frame) {
    const struct move_request request = {.direction = direction, .gather = user_buffer_gather};
    return move(&request, frame);
}

static int64_t move_vectors_at_offset(const struct direction *direction,
                                      const struct trap_frame *frame) {
    const struct move_request request = {
        .direction = direction,
        .gather = user_buffer_gather,
        .has_offset = true,
        .offset = (int64_t)frame->r10,
    };
    return move(&request, frame);
}

static int64_t move_vectors_with_flags(const struct direction *direction,
                                       const struct trap_frame *frame) {
    constexpr int64_t at_own_position = -1;
    const struct move_request request = {
        .direction = direction,
        .gather = user_buffer_gather,
        .has_offset = (int64_t)frame->r10 != at_own_position,
        .offset = (int64_t)frame->r10,
        .flags = (uint32_t)frame->r9,
    };
    return move(&request, frame);
}

int64_t call_read(const struct trap_frame *frame) {
    return move_at_position(&READING, frame);
}

int64_t call_write(const struct trap_frame *frame) {
    return move_at_position(&WRITING, frame);
}

int64_t call_pread64(const struct trap_frame *frame) {
    return move_at_offset(&READING, frame);
}

int64_t call_pwrite64(const struct trap_frame *frame) {
    return move_at_offset(&WRITING, frame);
}

int64_t call_readv(const struct trap_frame *frame) {
    return move_vectors_at_position(&READING, frame);
}

int64_t call_writev(const struct trap_frame *frame) {
    return move_vectors_at_position(&WRITING, frame);
}

int64_t call_preadv(const struct trap_frame *frame) {
    return move_vectors_at_offset(&READING, frame);
}

int64_t call_pwritev(const struct trap_frame *frame) {
    return move_vectors_at_offset(&WRITING, frame);
}

int64_t call_preadv2(const struct trap_frame *frame) {
    return move_vectors_with_flags(&READING, frame);
}

int64_t call_pwritev2(const struct trap_frame *frame) {
    return move_vectors_with_flags(&WRITING, frame);
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
