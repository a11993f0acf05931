#include "kernel/cpu/user_copy.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"

/* man 7 xattr: no file system keeps any. What Linux asks first comes first. */

constexpr uint64_t HERE = (uint64_t)CURRENT_DIRECTORY;
constexpr uint64_t VALUE_SIZE_MAX = 65'536; /* XATTR_SIZE_MAX */
constexpr uint32_t KNOWN_FLAGS = 3;         /* XATTR_CREATE, XATTR_REPLACE */

static enum status check_path(uint64_t address, enum last_link last_link) {
    struct location found;
    enum status status = call_path_find(HERE, address, EMPTY_PATH_IS_NONE, last_link, &found);
    if (status == STATUS_OK) {
        location_unref(&found);
    }
    return status;
}

static enum status check_file(uint64_t descriptor) {
    struct file *file;
    enum status status = open_file(descriptor, &file);
    if (status == STATUS_OK) {
        file_unref(file);
    }
    return status;
}

static enum status check_name(uint64_t address) {
    char name[NAME_LENGTH_MAX + 1];
    size_t length = 0;
    enum status status = user_copy_string(name, virt_addr(address), sizeof(name), &length);
    if (status == STATUS_TOO_LONG) {
        return STATUS_OUT_OF_RANGE;
    }
    return status == STATUS_OK && length == 0 ? STATUS_OUT_OF_RANGE : status;
}

static enum status check_value(uint64_t address, uint64_t size_bytes) {
    char piece[64];
    if (size_bytes > VALUE_SIZE_MAX) {
        return STATUS_TOO_LONG;
    }
    enum status status = STATUS_OK;
    for (uint64_t at = 0; at < size_bytes && status == STATUS_OK; at += sizeof(piece)) {
        uint64_t left = size_bytes - at;
        status = copy_argument(piece, address + at, left < sizeof(piece) ? left : sizeof(piece));
    }
    return status;
}

static int64_t set(enum status found, const struct trap_frame *frame) {
    if (found != STATUS_OK) {
        return found;
    }
    if ((uint32_t)frame->r8 & ~KNOWN_FLAGS) {
        return STATUS_INVALID;
    }
    enum status status = check_name(frame->rsi);
    if (status == STATUS_OK) {
        status = check_value(frame->rdx, frame->r10);
    }
    return status == STATUS_OK ? STATUS_NOT_SUPPORTED : status;
}

static int64_t get_or_remove(enum status found, const struct trap_frame *frame) {
    enum status status = found == STATUS_OK ? check_name(frame->rsi) : found;
    return status == STATUS_OK ? STATUS_NOT_SUPPORTED : status;
}

int64_t call_setxattr(const struct trap_frame *frame) {
    return set(check_path(frame->rdi, LAST_LINK_FOLLOW), frame);
}

int64_t call_lsetxattr(const struct trap_frame *frame) {
    return set(check_path(frame->rdi, LAST_LINK_KEEP), frame);
}

int64_t call_fsetxattr(const struct trap_frame *frame) {
    return set(check_file(frame->rdi), frame);
}

int64_t call_getxattr(const struct trap_frame *frame) {
    return get_or_remove(check_path(frame->rdi, LAST_LINK_FOLLOW), frame);
}

int64_t call_lgetxattr(const struct trap_frame *frame) {
    return get_or_remove(check_path(frame->rdi, LAST_LINK_KEEP), frame);
}

int64_t call_fgetxattr(const struct trap_frame *frame) {
    return get_or_remove(check_file(frame->rdi), frame);
}

/* The list is empty. */
int64_t call_listxattr(const struct trap_frame *frame) {
    return check_path(frame->rdi, LAST_LINK_FOLLOW);
}

int64_t call_llistxattr(const struct trap_frame *frame) {
    return check_path(frame->rdi, LAST_LINK_KEEP);
}

int64_t call_flistxattr(const struct trap_frame *frame) {
    return check_file(frame->rdi);
}

int64_t call_removexattr(const struct trap_frame *frame) {
    return get_or_remove(check_path(frame->rdi, LAST_LINK_FOLLOW), frame);
}

int64_t call_lremovexattr(const struct trap_frame *frame) {
    return get_or_remove(check_path(frame->rdi, LAST_LINK_KEEP), frame);
}

int64_t call_fremovexattr(const struct trap_frame *frame) {
    return get_or_remove(check_file(frame->rdi), frame);
}
