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

/* Flags of man 2 openat2 for the way to the file. */
constexpr uint64_t RESOLVE_IN_MOUNT = 0x01; /* RESOLVE_NO_XDEV */
constexpr uint64_t RESOLVE_NO_JUMPS = 0x02; /* RESOLVE_NO_MAGICLINKS */
constexpr uint64_t RESOLVE_NO_LINKS = 0x04;
constexpr uint64_t RESOLVE_BELOW = 0x08;
constexpr uint64_t RESOLVE_IN_ROOT = 0x10;
constexpr uint64_t RESOLVE_CACHED = 0x20; /* everything is in memory */
constexpr uint64_t RESOLVE_FLAGS = RESOLVE_IN_MOUNT | RESOLVE_NO_JUMPS | RESOLVE_NO_LINKS |
                                   RESOLVE_BELOW | RESOLVE_IN_ROOT | RESOLVE_CACHED;

static void use_start_as_root(struct path_view *view) {
    location_unref(&view->root);
    view->root = view->start;
    location_ref(&view->root);
}

static void restrict_path(struct path_view *view, uint64_t resolve) {
    view->refuses_jumps = (resolve & (RESOLVE_NO_JUMPS | RESOLVE_BELOW | RESOLVE_IN_ROOT)) != 0;
    view->refuses_links = (resolve & RESOLVE_NO_LINKS) != 0;
    view->stays_below = (resolve & RESOLVE_BELOW) != 0;
    view->stays_in_mount = (resolve & RESOLVE_IN_MOUNT) != 0;
    if (resolve & RESOLVE_IN_ROOT) {
        use_start_as_root(view);
    }
}

/* An absolute path in a root of its own begins there. */
static enum status begin_path(struct call_path *path, uint64_t directory, uint64_t address,
                              uint64_t resolve) {
    enum status status = resolve & RESOLVE_IN_ROOT
                             ? call_path_begin_relative(path, directory, address)
                             : call_path_begin(path, directory, address, EMPTY_PATH_IS_NONE);
    if (status == STATUS_OK) {
        restrict_path(&path->view, resolve);
    }
    return status;
}

static int64_t open_resolving(uint64_t directory, uint64_t address, const struct open_how *how) {
    struct call_path path;
    int64_t result = begin_path(&path, directory, address, how->resolve);
    if (result == STATUS_OK) {
        result = open_path(&path, (uint32_t)how->flags | OPEN_LARGE_FILE, how->mode);
    }
    call_path_end(&path);
    return result;
}

static int64_t open_at(uint64_t directory, uint64_t address, uint32_t flags, uint64_t mode) {
    const struct open_how how = {.flags = flags, .mode = mode};
    return open_resolving(directory, address, &how);
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
    constexpr uint64_t both = RESOLVE_BELOW | RESOLVE_IN_ROOT;
    bool is_wrong_way = (how->resolve & ~RESOLVE_FLAGS) || (how->resolve & both) == both;
    if (is_wrong_way) {
        return STATUS_INVALID;
    }
    bool changes = (how->flags & (OPEN_CREATE | OPEN_NAMELESS | OPEN_TRUNCATE)) != 0;
    return (how->resolve & RESOLVE_CACHED) && changes ? STATUS_TRY_AGAIN : STATUS_OK;
}

int64_t call_openat2(const struct trap_frame *frame) {
    struct open_how how;
    enum status status = copy_how(frame->rdx, frame->r10, &how);
    if (status == STATUS_OK) {
        status = check_how(&how);
    }
    return status == STATUS_OK ? open_resolving(frame->rdi, frame->rsi, &how) : status;
}
