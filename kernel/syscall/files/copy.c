#include "kernel/syscall/files/copy.h"

#include "kernel/files/file/open.h"
#include "kernel/files/node/observer.h"
#include "kernel/files/pipe/pipe.h"
#include "kernel/files/wait/wait.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/read_write.h"
#include "kernel/syscall/files/user_transfer.h"
#include "mm/addr/addr.h"
#include "mm/heap/heap.h"

constexpr size_t PIECE_SIZE = PAGE_SIZE;

enum status copy_end_take_offset(struct copy_end *end) {
    if (end->address != 0) {
        return copy_argument(&end->offset, end->address, sizeof(end->offset));
    }
    return end->file->operations->is_seekable ? file_seek(end->file, 0, FROM_POSITION, &end->offset)
                                              : STATUS_OK;
}

static enum status find_offset(struct copy_end *end) {
    if (end->address != 0 && !end->file->operations->is_seekable) {
        return STATUS_NOT_SEEKABLE;
    }
    enum status status = copy_end_take_offset(end);
    return status == STATUS_OK && end->offset < 0 ? STATUS_INVALID : status;
}

enum status copy_end_begin(struct copy_end *end, uint64_t descriptor, uint64_t address) {
    *end = (struct copy_end){.address = address};
    enum status status = open_file(descriptor, &end->file);
    if (status == STATUS_OK) {
        end->pipe = file_pipe(end->file);
        end->may_wait = file_may_wait(end->file);
    }
    return status;
}

static enum status begin(struct copy_end *end, uint64_t descriptor, uint64_t address,
                         enum status (*check)(const struct file *file)) {
    enum status status = copy_end_begin(end, descriptor, address);
    if (status != STATUS_OK) {
        return status;
    }
    status = check(end->file);
    if (status == STATUS_OK) {
        status = find_offset(end);
    }
    if (status != STATUS_OK) {
        copy_end_release(end);
    }
    return status;
}

enum status copy_end_begin_reading(struct copy_end *end, uint64_t descriptor, uint64_t address) {
    return begin(end, descriptor, address, check_may_read);
}

enum status copy_end_begin_writing(struct copy_end *end, uint64_t descriptor, uint64_t address) {
    return begin(end, descriptor, address, check_may_write);
}

void copy_end_release(struct copy_end *end) {
    file_unref(end->file);
}

/* What comes out of a pipe stays there until end_reading. */
static enum status begin_reading(struct copy_end *from, struct transfer *transfer, bool may_wait) {
    if (from->pipe != nullptr) {
        return pipe_begin_moving(from->pipe, transfer, may_wait);
    }
    return from->file->operations->is_seekable ? file_read_at(from->file, from->offset, transfer)
                                               : file_read(from->file, transfer);
}

static void end_reading(struct copy_end *from, size_t moved) {
    if (from->pipe != nullptr) {
        pipe_end_moving(from->pipe, moved);
    }
    from->offset += (int64_t)moved;
}

static enum status write_piece(struct copy_end *to, struct transfer *transfer, bool may_wait) {
    if (to->pipe != nullptr) {
        return pipe_write(to->pipe, transfer, may_wait);
    }
    return to->file->operations->is_seekable ? file_write_at(to->file, to->offset, transfer)
                                             : file_write(to->file, transfer);
}

/* Room in a pipe is waited for before anything is read. `*size_bytes` becomes no more than fits. */
static enum status wait_for_target(struct copy_end *to, bool may_wait, size_t *size_bytes) {
    size_t room_bytes = *size_bytes;
    enum status status = STATUS_OK;
    if (to->pipe != nullptr) {
        status = pipe_wait_for_room(to->pipe, 1, may_wait, &room_bytes);
    }
    *size_bytes = room_bytes < *size_bytes ? room_bytes : *size_bytes;
    return status;
}

/* What was read of a file that has no position, as of a terminal, would be lost. */
static bool must_write_all(const struct copy_end *from) {
    return from->pipe == nullptr && !from->file->operations->is_seekable;
}

/* Both offsets move by what was written; `*moved` is that. */
static enum status read_and_write(struct copy_end *from, struct copy_end *to,
                                  struct transfer *reading, bool may_wait, size_t *moved) {
    const char *piece = reading->context;
    enum status status = begin_reading(from, reading, may_wait);
    if (status != STATUS_OK) {
        return status;
    }
    struct transfer writing =
        limited_to_file_size(transfer_from_memory(piece, reading->done_bytes));
    writing.is_silent = true;
    if (reading->done_bytes > 0) {
        status = write_piece(to, &writing, must_write_all(from));
    }
    end_reading(from, writing.done_bytes);
    to->offset += (int64_t)writing.done_bytes;
    *moved = writing.done_bytes;
    return write_result(status, &writing) < 0 ? status : STATUS_OK;
}

/* Moves one piece. Where somebody else has filled the target meanwhile, it is waited for again. */
static enum status move_piece(struct copy_end *from, struct copy_end *to, char *piece,
                              size_t size_bytes, bool is_first, size_t *moved) {
    bool may_wait_for_room = is_first && to->may_wait && to->pipe != nullptr;
    enum status status;
    *moved = 0;
    do {
        size_t fitting = size_bytes;
        status = wait_for_target(to, is_first && to->may_wait, &fitting);
        if (status == STATUS_BROKEN_PIPE) {
            signal_caller(SIGNAL_PIPE);
        }
        if (status != STATUS_OK) {
            return status;
        }
        struct transfer reading = transfer_to_memory(piece, fitting);
        reading.is_silent = true;
        status = read_and_write(from, to, &reading, is_first && from->may_wait, moved);
    } while (status == STATUS_TRY_AGAIN && may_wait_for_room && from->may_wait);
    return status;
}

static int64_t move_pieces(struct copy_end *from, struct copy_end *to, char *piece,
                           uint64_t size_bytes) {
    uint64_t done = 0;
    size_t moved = 1;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && done < size_bytes && moved > 0 && !sleeper_is_ending()) {
        uint64_t left = size_bytes - done;
        status =
            move_piece(from, to, piece, left < PIECE_SIZE ? left : PIECE_SIZE, done == 0, &moved);
        done += moved;
    }
    return done > 0 || status == STATUS_OK ? (int64_t)done : status;
}

static enum status tell_offset(struct copy_end *end) {
    int64_t position;
    if (end->address != 0) {
        return copy_result(end->address, &end->offset, sizeof(end->offset));
    }
    return end->file->operations->is_seekable
               ? file_seek(end->file, end->offset, FROM_START, &position)
               : STATUS_OK;
}

int64_t copy_between(struct copy_end *from, struct copy_end *to, uint64_t size_bytes) {
    char *piece = heap_alloc(PIECE_SIZE);
    if (piece == nullptr) {
        return STATUS_NO_MEMORY;
    }
    uint64_t most = size_bytes < TRANSFER_SIZE_MAX ? size_bytes : TRANSFER_SIZE_MAX;
    int64_t result = move_pieces(from, to, piece, most);
    heap_free(piece);
    if (result < 0) {
        return result;
    }
    if (result > 0) {
        node_tell_use(from->file->place.node, EVENT_ACCESS);
        node_tell_use(to->file->place.node, EVENT_MODIFY);
    }
    enum status status = tell_offset(from);
    if (status == STATUS_OK) {
        status = tell_offset(to);
    }
    return status == STATUS_OK ? result : status;
}
