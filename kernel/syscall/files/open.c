#include "kernel/files/file/open.h"

#include "kernel/files/file/descriptor_table.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "mm/addr/addr.h"

/* Flags of man 2 open that file_open has no name for. */
constexpr uint32_t OPEN_LARGE_FILE = 0100000; /* every file can be large, and F_GETFL says so */

/* All that open knows; others are ignored there, and refused by openat2. */
constexpr uint32_t OPEN_FLAGS = 037777703;
constexpr uint32_t OPEN_FLAGS_OF_PATH =
    OPEN_DIRECTORY | OPEN_NO_FOLLOW | OPEN_PATH | OPEN_CLOSE_ON_EXEC;

/* struct open_how of man 2 openat2. */
struct open_how {
    uint64_t flags, mode, resolve;
};

static uint32_t remaining_permissions(uint64_t mode) {
    uint32_t umask = __atomic_load_n(&task_current()->places->umask, __ATOMIC_RELAXED);
    return (uint32_t)mode & PERMISSION_MASK & ~umask;
}

static int64_t open_reserved(const struct call_path *path, uint32_t flags, uint64_t mode,
                             uint32_t number) {
    struct file *file;
    enum status status =
        file_open(&path->view, path->text, flags, remaining_permissions(mode), &file);
    if (status != STATUS_OK) {
        descriptor_cancel(task_current()->files, number);
        return status;
    }
    descriptor_fill(task_current()->files, number, file);
    return number;
}

/* The number is taken before the path is looked at, as on Linux. */
static int64_t open_path(const struct call_path *path, uint32_t flags, uint64_t mode) {
    uint32_t number;
    bool closes_on_exec = (flags & OPEN_CLOSE_ON_EXEC) != 0;
    enum status status =
        descriptor_reserve(task_current()->files, 0, descriptor_limit(), closes_on_exec, &number);
    return status == STATUS_OK ? open_reserved(path, flags, mode, number) : status;
}

static int64_t open_at(uint64_t directory, uint64_t address, uint32_t flags, uint64_t mode) {
    struct call_path path;
    int64_t result = call_path_begin(&path, directory, address, EMPTY_PATH_IS_NONE);
    if (result == STATUS_OK) {
        result = open_path(&path, flags | OPEN_LARGE_FILE, mode);
    }
    call_path_end(&path);
    return result;
}

int64_t call_open(const struct trap_frame *frame) {
    return open_at((uint64_t)CURRENT_DIRECTORY, frame->rdi, (uint32_t)frame->rsi & OPEN_FLAGS,
                   frame->rdx);
}

int64_t call_creat(const struct trap_frame *frame) {
    return open_at((uint64_t)CURRENT_DIRECTORY, frame->rdi,
                   OPEN_WRITE_ONLY | OPEN_CREATE | OPEN_TRUNCATE, frame->rsi);
}

int64_t call_openat(const struct trap_frame *frame) {
    return open_at(frame->rdi, frame->rsi, (uint32_t)frame->rdx & OPEN_FLAGS, frame->r10);
}

/* What lies behind the part of the structure that is known must be 0. */
static enum status check_rest_of_how(uint64_t address, uint64_t size_bytes) {
    for (uint64_t at = sizeof(struct open_how); at < size_bytes; at++) {
        char byte;
        enum status status = copy_argument(&byte, address + at, 1);
        if (status != STATUS_OK) {
            return status;
        }
        if (byte != 0) {
            return STATUS_TOO_LONG;
        }
    }
    return STATUS_OK;
}

static enum status copy_how(uint64_t address, uint64_t size_bytes, struct open_how *how) {
    if (size_bytes < sizeof(*how)) {
        return STATUS_INVALID;
    }
    if (size_bytes > PAGE_SIZE) {
        return STATUS_TOO_LONG;
    }
    enum status status = copy_argument(how, address, sizeof(*how));
    return status == STATUS_OK ? check_rest_of_how(address, size_bytes) : status;
}

static enum status check_how(const struct open_how *how) {
    bool makes_a_file = (how->flags & (OPEN_CREATE | OPEN_NAMELESS)) != 0;
    bool is_wrong_path = (how->flags & OPEN_PATH) && (how->flags & ~(uint64_t)OPEN_FLAGS_OF_PATH);
    bool is_wrong_mode =
        makes_a_file ? (how->mode & ~(uint64_t)PERMISSION_MASK) != 0 : how->mode != 0;
    if ((how->flags & ~(uint64_t)OPEN_FLAGS) || is_wrong_path || is_wrong_mode) {
        return STATUS_INVALID;
    }
    return how->resolve == 0 ? STATUS_OK : STATUS_INVALID;
}

int64_t call_openat2(const struct trap_frame *frame) {
    struct open_how how;
    enum status status = copy_how(frame->rdx, frame->r10, &how);
    if (status == STATUS_OK) {
        status = check_how(&how);
    }
    return status == STATUS_OK ? open_at(frame->rdi, frame->rsi, (uint32_t)how.flags, how.mode)
                               : status;
}
