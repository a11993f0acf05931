#include "kernel/files/file/open.h"
#include "kernel/files/pipe/pipe.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/copy.h"
#include "kernel/syscall/files/read_write.h"
#include "kernel/syscall/files/user_transfer.h"
#include "mm/heap/heap.h"

/* One of the ways to move bytes between two ends that are open for it. */
typedef int64_t moving(struct copy_end *from, struct copy_end *to, uint64_t size_bytes);

static int64_t with_target(moving *move, struct copy_end *from, const uint64_t target[2],
                           uint64_t size_bytes) {
    struct copy_end to;
    int64_t result = copy_end_begin_writing(&to, target[0], target[1]);
    if (result == STATUS_OK) {
        result = move(from, &to, size_bytes);
        copy_end_release(&to);
    }
    return result;
}

/* Of each end, the descriptor and the address of its offset. */
static int64_t with_both(moving *move, const uint64_t source[2], const uint64_t target[2],
                         uint64_t size_bytes) {
    struct copy_end from;
    int64_t result = copy_end_begin_reading(&from, source[0], source[1]);
    if (result == STATUS_OK) {
        result = with_target(move, &from, target, size_bytes);
        copy_end_release(&from);
    }
    return result;
}

static bool is_regular(const struct copy_end *end) {
    return end->file->place.node != nullptr && end->file->place.node->kind == NODE_REGULAR;
}

static bool appends(const struct copy_end *end) {
    return (file_flags(end->file) & FILE_APPEND) != 0;
}

/* What is no pipe, and has contents that Linux moves without a process's memory. */
static bool can_be_sent(const struct copy_end *from) {
    const struct node *node = from->file->place.node;
    bool is_such =
        node != nullptr && (node->kind == NODE_REGULAR || node->kind == NODE_CHARACTER_DEVICE);
    return is_such && !from->file->operations->has_no_splice;
}

static int64_t send(struct copy_end *from, struct copy_end *to, uint64_t size_bytes) {
    int64_t end;
    uint64_t most = size_bytes < TRANSFER_SIZE_MAX ? size_bytes : TRANSFER_SIZE_MAX;
    bool is_wrong =
        !can_be_sent(from) || appends(to) || __builtin_add_overflow(from->offset, most, &end);
    return is_wrong ? STATUS_INVALID : copy_between(from, to, most);
}

int64_t call_sendfile(const struct trap_frame *frame) {
    const uint64_t source[2] = {frame->rsi, frame->rdx};
    const uint64_t target[2] = {frame->rdi, 0};
    return with_both(send, source, target, frame->r10);
}

/* As much as there is before the end, and as may be written. */
static enum status limit_range(const struct copy_end *from, const struct copy_end *to,
                               uint64_t *size_bytes) {
    uint64_t from_end, to_end;
    if (__builtin_add_overflow((uint64_t)from->offset, *size_bytes, &from_end) ||
        __builtin_add_overflow((uint64_t)to->offset, *size_bytes, &to_end)) {
        return STATUS_OVERFLOW;
    }
    const struct node *node = from->file->place.node;
    uint64_t size = node->operations->size(from->file->place.node);
    uint64_t left = (uint64_t)from->offset < size ? size - (uint64_t)from->offset : 0;
    *size_bytes = *size_bytes < left ? *size_bytes : left;
    return to->offset == INT64_MAX ? STATUS_FILE_TOO_LARGE : STATUS_OK;
}

static enum status check_range(const struct copy_end *from, const struct copy_end *to,
                               uint64_t size_bytes) {
    bool overlaps = from->file->place.node == to->file->place.node &&
                    (uint64_t)from->offset + size_bytes > (uint64_t)to->offset &&
                    (uint64_t)to->offset + size_bytes > (uint64_t)from->offset;
    return overlaps || from->offset < 0 || to->offset < 0 ? STATUS_INVALID : STATUS_OK;
}

static int64_t copy_range(struct copy_end *from, struct copy_end *to, uint64_t size_bytes) {
    enum status status = limit_range(from, to, &size_bytes);
    if (status == STATUS_OK) {
        status = check_range(from, to, size_bytes);
    }
    return status == STATUS_OK ? copy_between(from, to, size_bytes) : status;
}

static bool is_directory(const struct copy_end *end) {
    return end->file->place.node != nullptr && end->file->place.node->kind == NODE_DIRECTORY;
}

/* In Linux's order. */
static enum status check_can_be_copied(const struct copy_end *from, const struct copy_end *to) {
    if (is_directory(from) || is_directory(to)) {
        return STATUS_IS_A_DIRECTORY;
    }
    if (!is_regular(from) || !is_regular(to)) {
        return STATUS_INVALID;
    }
    bool is_open_for_it = (from->file->access & ACCESS_OF_READING) &&
                          (to->file->access & ACCESS_OF_WRITING) && !appends(to);
    return is_open_for_it ? STATUS_OK : STATUS_BAD_DESCRIPTOR;
}

static int64_t copy_files(struct copy_end *from, struct copy_end *to,
                          const struct trap_frame *frame) {
    enum status status = copy_end_take_offset(from);
    if (status == STATUS_OK) {
        status = copy_end_take_offset(to);
    }
    if (status == STATUS_OK && (uint32_t)frame->r9 != 0) {
        status = STATUS_INVALID;
    }
    if (status == STATUS_OK) {
        status = check_can_be_copied(from, to);
    }
    return status == STATUS_OK ? copy_range(from, to, frame->r8) : status;
}

int64_t call_copy_file_range(const struct trap_frame *frame) {
    struct copy_end from, to;
    int64_t result = copy_end_begin(&from, frame->rdi, frame->rsi);
    if (result != STATUS_OK) {
        return result;
    }
    result = copy_end_begin(&to, frame->rdx, frame->r10);
    if (result == STATUS_OK) {
        result = copy_files(&from, &to, frame);
        copy_end_release(&to);
    }
    copy_end_release(&from);
    return result;
}

/* Flags of man 2 splice; only this one matters. */
constexpr uint32_t SPLICE_KNOWN = 15;
constexpr uint32_t SPLICE_NO_WAIT = 2;

static int64_t splice(struct copy_end *from, struct copy_end *to, uint64_t size_bytes) {
    bool is_wrong = from->pipe == nullptr ? to->pipe == nullptr : from->pipe == to->pipe;
    is_wrong |= from->file->operations->has_no_splice;
    return is_wrong || appends(to) ? STATUS_INVALID : copy_between(from, to, size_bytes);
}

static int64_t splice_without_waiting(struct copy_end *from, struct copy_end *to,
                                      uint64_t size_bytes) {
    from->may_wait = false;
    to->may_wait = false;
    return splice(from, to, size_bytes);
}

int64_t call_splice(const struct trap_frame *frame) {
    const uint64_t source[2] = {frame->rdi, frame->rsi};
    const uint64_t target[2] = {frame->rdx, frame->r10};
    uint32_t flags = (uint32_t)frame->r9;
    if (frame->r8 == 0) {
        return 0;
    }
    if (flags & ~SPLICE_KNOWN) {
        return STATUS_INVALID;
    }
    moving *move = flags & SPLICE_NO_WAIT ? splice_without_waiting : splice;
    return with_both(move, source, target, frame->r8);
}

/* Copies what there is and fits. */
static int64_t tee_piece(struct copy_end *from, struct copy_end *to, char *piece,
                         size_t size_bytes) {
    size_t room_bytes;
    enum status status = pipe_wait_for_room(to->pipe, 1, to->may_wait, &room_bytes);
    if (status != STATUS_OK) {
        struct transfer nothing = {};
        return write_result(status, &nothing);
    }
    struct transfer reading =
        transfer_to_memory(piece, size_bytes < room_bytes ? size_bytes : room_bytes);
    status = pipe_look(from->pipe, &reading, from->may_wait);
    if (status != STATUS_OK || reading.done_bytes == 0) {
        return status;
    }
    struct transfer writing = transfer_from_memory(piece, reading.done_bytes);
    status = pipe_write(to->pipe, &writing, to->may_wait);
    return write_result(status, &writing);
}

static int64_t tee(struct copy_end *from, struct copy_end *to, uint64_t size_bytes) {
    if (from->pipe == nullptr || to->pipe == nullptr || from->pipe == to->pipe) {
        return STATUS_INVALID;
    }
    char *piece = heap_alloc(PIPE_CAPACITY);
    if (piece == nullptr) {
        return STATUS_NO_MEMORY;
    }
    int64_t result =
        tee_piece(from, to, piece, size_bytes < PIPE_CAPACITY ? size_bytes : PIPE_CAPACITY);
    heap_free(piece);
    return result;
}

static int64_t tee_without_waiting(struct copy_end *from, struct copy_end *to,
                                   uint64_t size_bytes) {
    from->may_wait = false;
    to->may_wait = false;
    return tee(from, to, size_bytes);
}

int64_t call_tee(const struct trap_frame *frame) {
    const uint64_t source[2] = {frame->rdi, 0};
    const uint64_t target[2] = {frame->rsi, 0};
    uint32_t flags = (uint32_t)frame->r10;
    if (flags & ~SPLICE_KNOWN) {
        return STATUS_INVALID;
    }
    if (frame->rdx == 0) {
        return 0;
    }
    return with_both(flags & SPLICE_NO_WAIT ? tee_without_waiting : tee, source, target,
                     frame->rdx);
}

/* Into a pipe that is open for writing; out of it else. */
static int64_t splice_memory(struct file *file, struct user_buffer *buffer, bool may_wait) {
    struct pipe *pipe = file_pipe(file);
    struct transfer transfer = user_transfer(buffer);
    if (file->access & ACCESS_OF_WRITING) {
        enum status status = pipe_write(pipe, &transfer, may_wait);
        return write_result(status, &transfer);
    }
    enum status status = pipe_read(pipe, &transfer, may_wait);
    return read_result(status, &transfer);
}

static int64_t splice_vectors(struct file *file, const struct trap_frame *frame) {
    bool may_wait = !(frame->r10 & SPLICE_NO_WAIT); /* whatever the file says, as on Linux */
    struct user_buffer buffer;
    if (file_pipe(file) == nullptr) {
        return STATUS_BAD_DESCRIPTOR;
    }
    int64_t result = user_buffer_gather(&buffer, frame->rsi, frame->rdx);
    if (result == STATUS_OK) {
        result = buffer.size_bytes > 0 ? splice_memory(file, &buffer, may_wait) : 0;
        user_buffer_release(&buffer);
    }
    return result;
}

int64_t call_vmsplice(const struct trap_frame *frame) {
    struct file *file;
    if ((uint32_t)frame->r10 & ~SPLICE_KNOWN) {
        return STATUS_INVALID;
    }
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = splice_vectors(file, frame);
    file_unref(file);
    return result;
}
