#include "kernel/syscall/files/user_transfer.h"

#include "kernel/cpu/user_copy.h"
#include "kernel/syscall/files/arguments.h"
#include "lib/least.h"
#include "mm/heap/heap.h"

enum status user_buffer_single(struct user_buffer *buffer, uint64_t start, uint64_t size_bytes) {
    if (!is_user_memory(virt_addr(start), size_bytes)) {
        return STATUS_FAULT;
    }
    uint64_t size = size_bytes < TRANSFER_SIZE_MAX ? size_bytes : TRANSFER_SIZE_MAX;
    *buffer = (struct user_buffer){.vectors = buffer->small, .count = 1, .size_bytes = size};
    buffer->small[0] = (struct user_vector){start, size};
    return STATUS_OK;
}

/* As on Linux, one bad piece refuses all, and a bad size comes before a bad place. */
static enum status take_vectors(struct user_buffer *buffer, uint64_t from) {
    enum status status =
        copy_argument(buffer->vectors, from, buffer->count * sizeof(struct user_vector));
    for (size_t i = 0; i < buffer->count && status == STATUS_OK; i++) {
        status = (int64_t)buffer->vectors[i].size_bytes < 0 ? STATUS_INVALID : STATUS_OK;
    }
    return status;
}

static enum status check_places(const struct user_buffer *buffer) {
    for (size_t i = 0; i < buffer->count; i++) {
        const struct user_vector *vector = &buffer->vectors[i];
        if (!is_user_memory(virt_addr(vector->start), vector->size_bytes)) {
            return STATUS_FAULT;
        }
    }
    return STATUS_OK;
}

/* What is too much is cut off. */
static void bound_sizes(struct user_buffer *buffer) {
    for (size_t i = 0; i < buffer->count; i++) {
        uint64_t room = TRANSFER_SIZE_MAX - buffer->size_bytes;
        uint64_t size_bytes = buffer->vectors[i].size_bytes;
        buffer->vectors[i].size_bytes = size_bytes < room ? size_bytes : room;
        buffer->size_bytes += buffer->vectors[i].size_bytes;
    }
}

static enum status gather(struct user_buffer *buffer, uint64_t vectors, uint64_t count,
                          bool is_foreign) {
    if (count > VECTOR_COUNT_MAX) {
        return STATUS_INVALID;
    }
    *buffer = (struct user_buffer){.vectors = buffer->small, .count = count};
    if (count > VECTOR_COUNT_SMALL) {
        buffer->vectors = heap_alloc(count * sizeof(struct user_vector));
    }
    if (buffer->vectors == nullptr) {
        return STATUS_NO_MEMORY;
    }
    enum status status = take_vectors(buffer, vectors);
    if (status == STATUS_OK && !is_foreign) {
        status = check_places(buffer);
    }
    if (status == STATUS_OK) {
        bound_sizes(buffer);
    } else {
        user_buffer_release(buffer);
    }
    return status;
}

enum status user_buffer_gather(struct user_buffer *buffer, uint64_t vectors, uint64_t count) {
    return gather(buffer, vectors, count, false);
}

enum status user_buffer_gather_foreign(struct user_buffer *buffer, uint64_t vectors,
                                       uint64_t count) {
    return gather(buffer, vectors, count, true);
}

void user_buffer_release(struct user_buffer *buffer) {
    if (buffer->vectors != buffer->small) {
        heap_free(buffer->vectors);
    }
}

/* Goes to the piece that the offset lies in, and returns what of it begins there; a transfer that
 * takes a part back begins anew. */
static struct user_vector find_piece(struct user_buffer *buffer, size_t offset) {
    if (offset < buffer->before_bytes) {
        buffer->at = 0;
        buffer->before_bytes = 0;
    }
    while (offset - buffer->before_bytes >= buffer->vectors[buffer->at].size_bytes) {
        buffer->before_bytes += buffer->vectors[buffer->at++].size_bytes;
    }
    uint64_t skipped = offset - buffer->before_bytes;
    const struct user_vector *piece = &buffer->vectors[buffer->at];
    return (struct user_vector){piece->start + skipped, piece->size_bytes - skipped};
}

static size_t put_for_user(void *context, size_t offset, const void *bytes, size_t size_bytes) {
    size_t done = 0;
    size_t missing = 0;
    while (done < size_bytes && missing == 0) {
        struct user_vector piece = find_piece(context, offset + done);
        size_t count = least(size_bytes - done, piece.size_bytes);
        missing = user_copy_out(virt_addr(piece.start), (const char *)bytes + done, count);
        done += count - missing;
    }
    return size_bytes - done;
}

static size_t take_from_user(void *context, size_t offset, void *bytes, size_t size_bytes) {
    size_t done = 0;
    size_t missing = 0;
    while (done < size_bytes && missing == 0) {
        struct user_vector piece = find_piece(context, offset + done);
        size_t count = least(size_bytes - done, piece.size_bytes);
        missing = user_copy_in((char *)bytes + done, virt_addr(piece.start), count);
        done += count - missing;
    }
    return size_bytes - done;
}

struct transfer user_transfer(struct user_buffer *buffer) {
    static const struct transfer_side side = {.put = put_for_user, .take = take_from_user};
    return transfer_begin(&side, buffer, buffer->size_bytes);
}
