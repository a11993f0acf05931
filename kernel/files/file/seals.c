#include "kernel/files/file/seals.h"

#include "kernel/files/file/kinds.h"

constexpr uint32_t KNOWN_SEALS = SEAL_SEALS | SEAL_SHRINKING | SEAL_GROWING | SEAL_WRITING |
                                 SEAL_FUTURE_WRITING | SEAL_EXECUTING;
constexpr uint32_t SEALS_OF_WRITING = SEAL_WRITING | SEAL_FUTURE_WRITING;
constexpr uint64_t PIECE_SIZE = 4096; /* a write that would grow the file fails from a page on */

static bool can_be_sealed(const struct file *file) {
    return file->operations == &regular_file_operations;
}

/* What can be executed, and is to stay so, cannot be changed either, as on Linux. */
static uint32_t implied_seals(const struct node *node, uint32_t seals) REQUIRES(node->lock) {
    constexpr uint32_t all = SEAL_SHRINKING | SEAL_GROWING | SEALS_OF_WRITING;
    constexpr uint32_t executable = 0111;
    return (seals & SEAL_EXECUTING) && (node->permissions & executable) ? all : 0;
}

static enum status check_seals(const struct node *node, uint32_t seals) REQUIRES(node->lock) {
    if (node->seals & SEAL_SEALS) {
        return STATUS_NOT_PERMITTED;
    }
    bool is_mapped = __atomic_load_n(&node->writing_map_count, __ATOMIC_RELAXED) > 0;
    bool is_new = (seals & ~node->seals & SEAL_WRITING) != 0;
    return is_new && is_mapped ? STATUS_BUSY : STATUS_OK;
}

enum status file_add_seals(struct file *file, uint32_t seals) {
    struct node *node = file->place.node;
    if (!can_be_sealed(file) || (seals & ~KNOWN_SEALS)) {
        return STATUS_INVALID;
    }
    if (!(file->access & ACCESS_OF_WRITING)) {
        return STATUS_NOT_PERMITTED;
    }
    sleep_lock_acquire(&node->lock);
    seals |= implied_seals(node, seals);
    enum status status = check_seals(node, seals);
    node->seals |= status == STATUS_OK ? seals : 0;
    sleep_lock_release(&node->lock);
    return status;
}

enum status file_seals(struct file *file, uint32_t *seals) {
    struct node *node = file->place.node;
    if (!can_be_sealed(file)) {
        return STATUS_INVALID;
    }
    sleep_lock_acquire(&node->lock);
    *seals = node->seals;
    sleep_lock_release(&node->lock);
    return STATUS_OK;
}

enum status seals_limit_write(struct node *node, uint64_t position, struct transfer *transfer) {
    if (node->seals & SEALS_OF_WRITING) {
        return STATUS_NOT_PERMITTED;
    }
    uint64_t size_bytes = node->operations->size(node);
    bool would_grow = position > size_bytes || transfer->left_bytes > size_bytes - position;
    if (!(node->seals & SEAL_GROWING) || !would_grow) {
        return STATUS_OK;
    }
    uint64_t end = size_bytes / PIECE_SIZE * PIECE_SIZE;
    if (position >= end) {
        return STATUS_NOT_PERMITTED;
    }
    transfer->left_bytes = end - position;
    return STATUS_OK;
}

static bool may_have_size(struct node *node, uint64_t size_bytes) REQUIRES(node->lock) {
    uint64_t before = node->operations->size(node);
    return !((node->seals & SEAL_SHRINKING) && size_bytes < before) &&
           !((node->seals & SEAL_GROWING) && size_bytes > before);
}

enum status seals_check_resize(struct node *node, uint64_t size_bytes) {
    return may_have_size(node, size_bytes) ? STATUS_OK : STATUS_NOT_PERMITTED;
}

enum status seals_check_fill(struct node *node, enum fill_mode mode, uint64_t end) {
    bool is_refused = false;
    switch (mode) {
    case FILL:
        is_refused = (node->seals & SEAL_GROWING) && end > node->operations->size(node);
        break;
    case FILL_KEEP_SIZE:
    case FILL_OTHERWISE:
        break;
    case FILL_WITH_HOLE:
        is_refused = (node->seals & SEALS_OF_WRITING) != 0;
        break;
    }
    return is_refused ? STATUS_NOT_PERMITTED : STATUS_OK;
}
