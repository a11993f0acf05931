#include "kernel/files/file/kinds.h"
#include "kernel/files/file/open.h"
#include "kernel/files/file/seals.h"
#include "kernel/files/node/observer.h"

/* Regular files: the node's contents, at a position. */

static enum status read_regular(struct file *file, uint64_t *position, struct transfer *transfer) {
    struct node *node = file->place.node;
    size_t before = transfer->done_bytes;
    enum status status = node->operations->read(node, *position, transfer);
    *position += transfer->done_bytes - before;
    if (status == STATUS_OK && !(file_flags(file) & OPEN_NO_ACCESS_TIME)) {
        node_note_read(node);
    }
    return status;
}

static void note_contents_changed(struct node *node, const struct credentials *credentials) {
    node_drop_set_bits(node, credentials);
    node_note_write(node);
}

static bool does_append(const struct file *file, const struct transfer *transfer) {
    if (transfer->append == APPEND_AS_FILE) {
        return (file_flags(file) & FILE_APPEND) != 0;
    }
    return transfer->append == APPEND_ALWAYS;
}

/* Cuts off what would lie behind the limit. */
static enum status limit_growth(struct transfer *transfer, uint64_t position) {
    if (position >= transfer->position_limit) {
        return STATUS_FILE_TOO_LARGE;
    }
    uint64_t room = transfer->position_limit - position;
    transfer->left_bytes = transfer->left_bytes < room ? transfer->left_bytes : room;
    return STATUS_OK;
}

/* Where the end is and what is written there are one step under the node's lock. */
static enum status write_regular(struct file *file, uint64_t *position, struct transfer *transfer) {
    struct node *node = file->place.node;
    if (transfer->left_bytes == 0) {
        return STATUS_OK;
    }
    size_t before = transfer->done_bytes;
    sleep_lock_acquire(&node->lock);
    if (does_append(file, transfer)) {
        *position = node->operations->size(node);
    }
    enum status status = limit_growth(transfer, *position);
    if (status == STATUS_OK) {
        status = seals_limit_write(node, *position, transfer);
    }
    if (status == STATUS_OK) {
        status = node->operations->write(node, *position, transfer);
    }
    sleep_lock_release(&node->lock);
    if (transfer->done_bytes > before) {
        *position += transfer->done_bytes - before;
        const struct credentials writer = {.user = transfer->keeps_set_bits ? 0 : ID_UNCHANGED};
        note_contents_changed(node, &writer);
    }
    return status;
}

const struct file_operations regular_file_operations = {
    .read = read_regular,
    .write = write_regular,
    .is_seekable = true,
};

static enum status resize_regular(struct node *node, uint64_t size_bytes) {
    sleep_lock_acquire(&node->lock);
    enum status status = seals_check_resize(node, size_bytes);
    if (status == STATUS_OK) {
        status = node->operations->resize(node, size_bytes);
    }
    sleep_lock_release(&node->lock);
    return status;
}

enum status file_resize(struct file *file, const struct credentials *credentials,
                        int64_t size_bytes) {
    struct node *node = file->place.node;
    if (file->access == 0) {
        return STATUS_BAD_DESCRIPTOR;
    }
    if (size_bytes < 0 || node == nullptr || node->kind != NODE_REGULAR ||
        !(file->access & ACCESS_OF_WRITING)) {
        return STATUS_INVALID;
    }
    enum status status = resize_regular(node, (uint64_t)size_bytes);
    if (status == STATUS_OK) {
        note_contents_changed(node, credentials);
        node_tell(node, EVENT_MODIFY);
    }
    return status;
}

enum status node_resize(struct node *node, const struct credentials *credentials,
                        int64_t size_bytes) {
    if (size_bytes < 0) {
        return STATUS_INVALID;
    }
    if (node->kind != NODE_REGULAR) {
        return node->kind == NODE_DIRECTORY ? STATUS_IS_A_DIRECTORY : STATUS_INVALID;
    }
    enum status status = node_check_access(node, credentials, MAY_WRITE);
    if (status == STATUS_OK) {
        status = node_begin_writing(node);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = resize_regular(node, (uint64_t)size_bytes);
    node_end_writing(node);
    if (status == STATUS_OK) {
        note_contents_changed(node, credentials);
        node_tell(node, EVENT_MODIFY);
    }
    return status;
}

/* In Linux's order. */
static enum status check_fill(const struct file *file, int64_t offset, int64_t size_bytes) {
    int64_t end;
    if (offset < 0 || size_bytes <= 0) {
        return STATUS_INVALID;
    }
    if (!(file->access & ACCESS_OF_WRITING)) {
        return STATUS_BAD_DESCRIPTOR;
    }
    const struct node *node = file->place.node;
    if (node == nullptr) {
        return STATUS_NO_SUCH_DEVICE;
    }
    if (node->kind != NODE_REGULAR) {
        return node->kind == NODE_FIFO ? STATUS_NOT_SEEKABLE : STATUS_NO_SUCH_DEVICE;
    }
    return __builtin_add_overflow(offset, size_bytes, &end) ? STATUS_FILE_TOO_LARGE : STATUS_OK;
}

/* Growing cannot fail once the memory is there. */
static enum status fill_growing(struct node *node, uint64_t offset, uint64_t size_bytes) {
    enum status status = node->operations->allocate(node, offset, size_bytes);
    if (status == STATUS_OK && offset + size_bytes > node->operations->size(node)) {
        status = node->operations->resize(node, offset + size_bytes);
    }
    return status;
}

static enum status fill_held(struct node *node, enum fill_mode mode, uint64_t offset,
                             uint64_t size_bytes) {
    switch (mode) {
    case FILL:
        return fill_growing(node, offset, size_bytes);
    case FILL_KEEP_SIZE:
        return node->operations->allocate(node, offset, size_bytes);
    case FILL_WITH_HOLE:
        return node->operations->punch(node, offset, size_bytes);
    case FILL_OTHERWISE:
        return STATUS_NOT_SUPPORTED;
    }
    __builtin_unreachable();
}

enum status file_fill(struct file *file, const struct credentials *credentials, enum fill_mode mode,
                      int64_t offset, int64_t size_bytes) {
    enum status status = check_fill(file, offset, size_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    struct node *node = file->place.node;
    sleep_lock_acquire(&node->lock);
    status = seals_check_fill(node, mode, (uint64_t)offset + (uint64_t)size_bytes);
    if (status == STATUS_OK) {
        status = fill_held(node, mode, (uint64_t)offset, (uint64_t)size_bytes);
    }
    sleep_lock_release(&node->lock);
    if (status == STATUS_OK) {
        note_contents_changed(node, credentials);
        node_tell(node, EVENT_MODIFY);
    }
    return status;
}
