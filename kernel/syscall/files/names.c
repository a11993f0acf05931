#include "kernel/files/path/changes.h"
#include "kernel/process/process.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

constexpr uint64_t HERE = (uint64_t)CURRENT_DIRECTORY;

static uint32_t without_umask(uint64_t permissions) {
    return (uint32_t)permissions &
           ~__atomic_load_n(&task_current()->places->umask, __ATOMIC_RELAXED);
}

static int64_t make_at(uint64_t directory, uint64_t address, const struct node_request *request) {
    struct call_path path;
    enum status status = call_path_begin(&path, directory, address, EMPTY_PATH_IS_NONE);
    if (status == STATUS_OK) {
        status = path_make(&path.view, path.text, request);
    }
    call_path_end(&path);
    return status;
}

static int64_t make_directory_at(uint64_t directory, uint64_t address, uint64_t mode) {
    constexpr uint32_t settable = 01777;
    const struct node_request request = {
        .kind = NODE_DIRECTORY,
        .permissions = without_umask(mode & settable),
    };
    return make_at(directory, address, &request);
}

int64_t call_mkdir(const struct trap_frame *frame) {
    return make_directory_at(HERE, frame->rdi, frame->rsi);
}

int64_t call_mkdirat(const struct trap_frame *frame) {
    return make_directory_at(frame->rdi, frame->rsi, frame->rdx);
}

/* What mknod can make. */
static enum status find_kind(uint32_t mode, enum node_kind *kind) {
    switch (mode & KIND_MASK) {
    case 0:
    case NODE_REGULAR:
        *kind = NODE_REGULAR;
        return STATUS_OK;
    case NODE_FIFO:
    case NODE_CHARACTER_DEVICE:
    case NODE_BLOCK_DEVICE:
    case NODE_SOCKET:
        *kind = (enum node_kind)(mode & KIND_MASK);
        return STATUS_OK;
    case NODE_DIRECTORY:
        return STATUS_NOT_PERMITTED;
    }
    return STATUS_INVALID;
}

static int64_t make_node_at(uint64_t directory, uint64_t address, uint32_t mode, uint32_t device) {
    enum node_kind kind;
    enum status status = find_kind(mode, &kind);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_device = kind == NODE_CHARACTER_DEVICE || kind == NODE_BLOCK_DEVICE;
    const struct node_request request = {
        .kind = kind,
        .permissions = without_umask(mode & PERMISSION_MASK),
        .device = is_device ? device : 0,
    };
    return make_at(directory, address, &request);
}

int64_t call_mknod(const struct trap_frame *frame) {
    return make_node_at(HERE, frame->rdi, (uint32_t)frame->rsi, (uint32_t)frame->rdx);
}

int64_t call_mknodat(const struct trap_frame *frame) {
    return make_node_at(frame->rdi, frame->rsi, (uint32_t)frame->rdx, (uint32_t)frame->r10);
}

static int64_t make_symlink_at(uint64_t target_address, uint64_t directory, uint64_t address) {
    char *target;
    enum status status = copy_path_text(target_address, &target);
    if (status != STATUS_OK) {
        return status;
    }
    const struct node_request request = {
        .kind = NODE_SYMLINK,
        .permissions = 0777,
        .link_target = {target, strlen(target)},
    };
    int64_t result = target[0] == '\0' ? STATUS_NOT_FOUND : make_at(directory, address, &request);
    heap_free(target);
    return result;
}

int64_t call_symlink(const struct trap_frame *frame) {
    return make_symlink_at(frame->rdi, HERE, frame->rsi);
}

int64_t call_symlinkat(const struct trap_frame *frame) {
    return make_symlink_at(frame->rdi, frame->rsi, frame->rdx);
}

static enum status link_found(const struct location *node, uint64_t directory, uint64_t address) {
    struct call_path path;
    enum status status = call_path_begin(&path, directory, address, EMPTY_PATH_IS_NONE);
    if (status == STATUS_OK) {
        status = path_link(node, &path.view, path.text);
    }
    call_path_end(&path);
    return status;
}

/* What a descriptor stands for gets a name from whoever has opened it, or may read everything. */
static enum status find_to_link(uint64_t directory, uint64_t address, uint32_t at_flags,
                                struct location *node) {
    enum last_link last_link = at_flags & AT_SYMLINK_FOLLOW ? LAST_LINK_FOLLOW : LAST_LINK_KEEP;
    struct call_path path;
    enum status status = call_path_begin(&path, directory, address, empty_path_of(at_flags));
    if (status == STATUS_OK && path.file != nullptr && path.file->opener != path.credentials.user &&
        !credentials_are_root(&path.credentials)) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        status = call_path_resolve(&path, last_link, node);
    }
    call_path_end(&path);
    return status;
}

static int64_t link_at(uint64_t old_directory, uint64_t old_address, uint64_t new_directory,
                       uint64_t new_address, uint32_t at_flags) {
    struct location node;
    if (at_flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH)) {
        return STATUS_INVALID;
    }
    enum status status = find_to_link(old_directory, old_address, at_flags, &node);
    if (status != STATUS_OK) {
        return status;
    }
    status = link_found(&node, new_directory, new_address);
    location_unref(&node);
    return status;
}

int64_t call_link(const struct trap_frame *frame) {
    return link_at(HERE, frame->rdi, HERE, frame->rsi, 0);
}

int64_t call_linkat(const struct trap_frame *frame) {
    return link_at(frame->rdi, frame->rsi, frame->rdx, frame->r10, (uint32_t)frame->r8);
}

/* One of path_remove and path_remove_directory. */
typedef enum status removal(const struct path_view *view, const char *path);

static int64_t remove_at(removal *remove, uint64_t directory, uint64_t address) {
    struct call_path path;
    enum status status = call_path_begin(&path, directory, address, EMPTY_PATH_IS_NONE);
    if (status == STATUS_OK) {
        status = remove(&path.view, path.text);
    }
    call_path_end(&path);
    return status;
}

int64_t call_unlink(const struct trap_frame *frame) {
    return remove_at(path_remove, HERE, frame->rdi);
}

int64_t call_rmdir(const struct trap_frame *frame) {
    return remove_at(path_remove_directory, HERE, frame->rdi);
}

int64_t call_unlinkat(const struct trap_frame *frame) {
    uint32_t at_flags = (uint32_t)frame->rdx;
    if (at_flags & ~AT_REMOVEDIR) {
        return STATUS_INVALID;
    }
    return remove_at(at_flags ? path_remove_directory : path_remove, frame->rdi, frame->rsi);
}

static int64_t rename_at(const uint64_t from[2], const uint64_t to[2], enum rename_mode mode) {
    struct call_path from_path, to_path = {};
    enum status status = call_path_begin(&from_path, from[0], from[1], EMPTY_PATH_IS_NONE);
    if (status == STATUS_OK) {
        status = call_path_begin(&to_path, to[0], to[1], EMPTY_PATH_IS_NONE);
    }
    if (status == STATUS_OK) {
        status = path_rename(&from_path.view, from_path.text, &to_path.view, to_path.text, mode);
    }
    call_path_end(&to_path);
    call_path_end(&from_path);
    return status;
}

int64_t call_rename(const struct trap_frame *frame) {
    const uint64_t from[2] = {HERE, frame->rdi};
    const uint64_t to[2] = {HERE, frame->rsi};
    return rename_at(from, to, RENAME_OVER);
}

int64_t call_renameat(const struct trap_frame *frame) {
    const uint64_t from[2] = {frame->rdi, frame->rsi};
    const uint64_t to[2] = {frame->rdx, frame->r10};
    return rename_at(from, to, RENAME_OVER);
}

int64_t call_renameat2(const struct trap_frame *frame) {
    constexpr uint32_t only_new = 1; /* RENAME_NOREPLACE */
    constexpr uint32_t swap = 2;     /* RENAME_EXCHANGE */
    constexpr uint32_t leaves = 4;   /* RENAME_WHITEOUT */
    const uint64_t from[2] = {frame->rdi, frame->rsi};
    const uint64_t to[2] = {frame->rdx, frame->r10};
    switch ((uint32_t)frame->r8) {
    case 0:
        return rename_at(from, to, RENAME_OVER);
    case only_new:
        return rename_at(from, to, RENAME_ONLY_NEW);
    case swap:
        return rename_at(from, to, RENAME_SWAP);
    case leaves:
        return rename_at(from, to, RENAME_OVER_LEAVING);
    case leaves | only_new:
        return rename_at(from, to, RENAME_ONLY_NEW_LEAVING);
    }
    return STATUS_INVALID;
}
