#include "kernel/files/file/file.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "kernel/syscall/files/read_write.h"

/* Only growing is limited. */
static enum status check_growth(struct node *node, int64_t size_bytes) {
    bool grows = node != nullptr && node->kind == NODE_REGULAR && size_bytes >= 0 &&
                 (uint64_t)size_bytes > node->operations->size(node);
    return grows ? check_file_size((uint64_t)size_bytes) : STATUS_OK;
}

static enum status truncate_found(const struct location *place, int64_t size_bytes) {
    struct credentials credentials = acting_credentials();
    struct node *node = place->node;
    bool is_regular = node->kind == NODE_REGULAR;
    enum status status = is_regular ? node_check_access(node, &credentials, MAY_WRITE) : STATUS_OK;
    if (status == STATUS_OK) {
        status = check_growth(node, size_bytes);
    }
    return status == STATUS_OK ? node_resize(node, &credentials, size_bytes) : status;
}

int64_t call_truncate(const struct trap_frame *frame) {
    int64_t size_bytes = (int64_t)frame->rsi;
    if (size_bytes < 0) {
        return STATUS_INVALID;
    }
    struct location found;
    enum status status = call_path_find((uint64_t)CURRENT_DIRECTORY, frame->rdi, EMPTY_PATH_IS_NONE,
                                        LAST_LINK_FOLLOW, &found);
    if (status == STATUS_OK) {
        bool is_regular = found.node->kind == NODE_REGULAR;
        status = is_regular ? mount_check_change(found.mount) : STATUS_OK;
        status = status == STATUS_OK ? truncate_found(&found, size_bytes) : status;
        location_unref(&found);
    }
    return status;
}

int64_t call_ftruncate(const struct trap_frame *frame) {
    int64_t size_bytes = (int64_t)frame->rsi;
    if (size_bytes < 0) {
        return STATUS_INVALID;
    }
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (file->access & ACCESS_OF_WRITING) {
        status = check_growth(file->place.node, size_bytes);
    }
    if (status == STATUS_OK) {
        struct credentials credentials = acting_credentials();
        status = file->access == 0 ? STATUS_INVALID : file_resize(file, &credentials, size_bytes);
    }
    file_unref(file);
    return status;
}

/* Modes of man 2 fallocate, and FALLOC_FL_WRITE_ZEROES of Linux's include/uapi/linux/falloc.h. */
constexpr uint32_t KEEP_SIZE = 0x01;
constexpr uint32_t PUNCH_HOLE = 0x02;
constexpr uint32_t COLLAPSE_RANGE = 0x08;
constexpr uint32_t ZERO_RANGE = 0x10;
constexpr uint32_t INSERT_RANGE = 0x20;
constexpr uint32_t UNSHARE_RANGE = 0x40;
constexpr uint32_t WRITE_ZEROES = 0x80;

static enum status find_mode(uint32_t flags, enum fill_mode *mode) {
    switch (flags) {
    case 0:
        *mode = FILL;
        return STATUS_OK;
    case KEEP_SIZE:
        *mode = FILL_KEEP_SIZE;
        return STATUS_OK;
    case KEEP_SIZE | PUNCH_HOLE:
        *mode = FILL_WITH_HOLE;
        return STATUS_OK;
    case COLLAPSE_RANGE:
    case INSERT_RANGE:
    case WRITE_ZEROES:
    case ZERO_RANGE:
    case ZERO_RANGE | KEEP_SIZE:
    case UNSHARE_RANGE:
    case UNSHARE_RANGE | KEEP_SIZE:
        *mode = FILL_OTHERWISE;
        return STATUS_OK;
    }
    return STATUS_NOT_SUPPORTED;
}

static enum status fill(struct file *file, uint32_t flags, int64_t offset, int64_t size_bytes) {
    enum fill_mode mode = FILL;
    int64_t end = 0;
    if (offset < 0 || size_bytes <= 0) {
        return STATUS_INVALID;
    }
    enum status status = find_mode(flags, &mode);
    bool grows = mode == FILL && !__builtin_add_overflow(offset, size_bytes, &end);
    if (status == STATUS_OK && grows && (file->access & ACCESS_OF_WRITING)) {
        status = check_growth(file->place.node, end);
    }
    struct credentials credentials = acting_credentials();
    return status == STATUS_OK ? file_fill(file, &credentials, mode, offset, size_bytes) : status;
}

int64_t call_fallocate(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status == STATUS_OK) {
        status = fill(file, (uint32_t)frame->rsi, (int64_t)frame->rdx, (int64_t)frame->r10);
        file_unref(file);
    }
    return status;
}
