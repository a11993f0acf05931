#include "kernel/files/memory_fs/memory_fs.h"
#include "kernel/files/node/attributes.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/call_path.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* struct statx of man 2 statx. */
struct statx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    int32_t padding;
};

struct statx {
    uint32_t mask;
    uint32_t preferred_size_bytes;
    uint64_t attributes;
    uint32_t link_count;
    uint32_t user;
    uint32_t group;
    uint16_t mode;
    uint16_t padding;
    uint64_t number;
    uint64_t size_bytes;
    uint64_t block_count;
    uint64_t known_attributes;
    struct statx_time accessed, created, changed, modified;
    uint32_t special_major, special_minor;
    uint32_t major, minor;
    uint64_t reserved[14];
};

static_assert(sizeof(struct statx) == 256);

constexpr uint32_t STATX_BASIC_STATS = 0x7ff;
constexpr uint32_t STATX_WRITE_TIMES = 0x40 | 0x80; /* STATX_MTIME, STATX_CTIME */
constexpr uint32_t STATX_RESERVED = 0x80000000;

/* `*system_type` is that of the file system; 0: it is in none. */
static enum status stat_path(uint64_t directory, uint64_t address, uint32_t at_flags,
                             struct file_stat *stat, uint32_t *system_type) {
    struct call_path path;
    struct location found;
    bool is_nothing = address == 0 && (at_flags & AT_EMPTY_PATH);
    enum status status = is_nothing
                             ? call_path_begin_empty(&path, directory)
                             : call_path_begin(&path, directory, address, empty_path_of(at_flags));
    *system_type = 0;
    if (status == STATUS_OK && path.file != nullptr) {
        const struct node *node = path.file->place.node;
        file_inspect(path.file, stat);
        *system_type = node == nullptr ? 0 : node->system->type;
    } else if (status == STATUS_OK) {
        status = call_path_resolve(&path, last_link_of(at_flags), &found);
        if (status == STATUS_OK) {
            node_stat(found.node, stat);
            *system_type = found.node->system->type;
            location_unref(&found);
        }
    }
    call_path_end(&path);
    return status;
}

static int64_t answer_stat(enum status status, const struct file_stat *stat, uint64_t to) {
    return status == STATUS_OK ? copy_result(to, stat, sizeof(*stat)) : status;
}

int64_t call_stat(const struct trap_frame *frame) {
    struct file_stat stat;
    uint32_t type;
    enum status status = stat_path((uint64_t)CURRENT_DIRECTORY, frame->rdi, 0, &stat, &type);
    return answer_stat(status, &stat, frame->rsi);
}

int64_t call_lstat(const struct trap_frame *frame) {
    struct file_stat stat;
    uint32_t type;
    enum status status =
        stat_path((uint64_t)CURRENT_DIRECTORY, frame->rdi, AT_SYMLINK_NOFOLLOW, &stat, &type);
    return answer_stat(status, &stat, frame->rsi);
}

int64_t call_fstat(const struct trap_frame *frame) {
    struct file *file;
    struct file_stat stat;
    enum status status = any_file(frame->rdi, &file);
    if (status == STATUS_OK) {
        file_inspect(file, &stat);
        file_unref(file);
    }
    return answer_stat(status, &stat, frame->rsi);
}

static enum status check_stat_flags(uint32_t at_flags) {
    constexpr uint32_t known =
        AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
    return at_flags & ~known ? STATUS_INVALID : STATUS_OK;
}

int64_t call_newfstatat(const struct trap_frame *frame) {
    struct file_stat stat;
    uint32_t type;
    uint32_t at_flags = (uint32_t)frame->r10;
    enum status status = check_stat_flags(at_flags);
    if (status == STATUS_OK) {
        status = stat_path(frame->rdi, frame->rsi, at_flags, &stat, &type);
    }
    return answer_stat(status, &stat, frame->rdx);
}

static struct statx_time statx_time(struct file_time time) {
    return (struct statx_time){time.seconds, (uint32_t)time.nanoseconds, 0};
}

/* The two halves of a device's number (man 3 major). */
static uint32_t major_of(uint64_t device) {
    return device >> 8 & 0xfff;
}

static uint32_t minor_of(uint64_t device) {
    return (device & 0xff) | (device >> 12 & ~0xffu);
}

/* As on Linux, a time that nobody asks for need not be told: then it counts as not seen, and the
 * next write may leave it. */
static void forget_write_times(struct statx *result) {
    result->mask &= ~STATX_WRITE_TIMES;
    result->modified = result->changed = (struct statx_time){};
}

static struct statx to_statx(const struct file_stat *stat) {
    return (struct statx){
        .mask = STATX_BASIC_STATS,
        .preferred_size_bytes = (uint32_t)stat->preferred_size_bytes,
        .link_count = (uint32_t)stat->link_count,
        .user = stat->user,
        .group = stat->group,
        .mode = (uint16_t)stat->mode,
        .number = stat->number,
        .size_bytes = (uint64_t)stat->size_bytes,
        .block_count = (uint64_t)stat->block_count,
        .accessed = statx_time(stat->accessed),
        .changed = statx_time(stat->changed),
        .modified = statx_time(stat->modified),
        .special_major = major_of(stat->special_device),
        .special_minor = minor_of(stat->special_device),
        .major = major_of(stat->device),
        .minor = minor_of(stat->device),
    };
}

int64_t call_statx(const struct trap_frame *frame) {
    uint32_t at_flags = (uint32_t)frame->rdx;
    bool is_sync_wrong = (at_flags & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE;
    enum status status = check_stat_flags(at_flags);
    if (status != STATUS_OK || is_sync_wrong || ((uint32_t)frame->r10 & STATX_RESERVED)) {
        return STATUS_INVALID;
    }
    struct file_stat stat;
    uint32_t type;
    status = stat_path(frame->rdi, frame->rsi, at_flags, &stat, &type);
    if (status != STATUS_OK) {
        return status;
    }
    struct statx result = to_statx(&stat);
    if (!((uint32_t)frame->r10 & STATX_WRITE_TIMES) && type == MEMORY_FS_TYPE) {
        forget_write_times(&result);
    }
    return copy_result(frame->r8, &result, sizeof(result));
}

/* What cannot be executed there has no right to be. */
static enum status check_mount(const struct location *place, unsigned access) {
    bool is_refused = (access & MAY_EXECUTE) && place->node->kind == NODE_REGULAR &&
                      (mount_flags(place->mount) & MOUNT_NO_EXECUTION);
    return is_refused ? STATUS_ACCESS_DENIED : STATUS_OK;
}

/* What is written to through a device or a pipe lies elsewhere. */
static bool has_contents(const struct node *node) {
    return node->kind == NODE_REGULAR || node->kind == NODE_DIRECTORY || node->kind == NODE_SYMLINK;
}

static enum status check_access(const struct call_path *path, uint32_t at_flags, unsigned access) {
    struct location found;
    enum status status = call_path_resolve(path, last_link_of(at_flags), &found);
    if (status == STATUS_OK) {
        status = check_mount(&found, access);
        if (status == STATUS_OK) {
            status = node_check_access(found.node, &path->credentials, access);
        }
        if (status == STATUS_OK && (access & MAY_WRITE) && has_contents(found.node)) {
            status = mount_check_change(found.mount);
        }
        location_unref(&found);
    }
    return status;
}

static int64_t access_at(uint64_t directory, uint64_t address, uint32_t access, uint32_t at_flags) {
    constexpr uint32_t known = AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    if ((access & ~(MAY_READ | MAY_WRITE | MAY_EXECUTE)) || (at_flags & ~known)) {
        return STATUS_INVALID;
    }
    struct call_path path;
    enum status status = call_path_begin(&path, directory, address, empty_path_of(at_flags));
    if (!(at_flags & AT_EACCESS)) {
        call_path_use_real_ids(&path);
    }
    if (status == STATUS_OK) {
        status = check_access(&path, at_flags, access);
    }
    if (status == STATUS_NOT_SUPPORTED) { /* it is in no file system, and root's */
        bool may = access == 0 || credentials_are_root(&path.credentials);
        status = may ? STATUS_OK : STATUS_ACCESS_DENIED;
    }
    call_path_end(&path);
    return status;
}

int64_t call_access(const struct trap_frame *frame) {
    return access_at((uint64_t)CURRENT_DIRECTORY, frame->rdi, (uint32_t)frame->rsi, 0);
}

int64_t call_faccessat(const struct trap_frame *frame) {
    return access_at(frame->rdi, frame->rsi, (uint32_t)frame->rdx, 0);
}

int64_t call_faccessat2(const struct trap_frame *frame) {
    return access_at(frame->rdi, frame->rsi, (uint32_t)frame->rdx, (uint32_t)frame->r10);
}

static int64_t copy_link_text(struct node *link, uint64_t to, uint64_t room) {
    char *text = heap_alloc(PATH_SIZE_MAX);
    if (text == nullptr) {
        return STATUS_NO_MEMORY;
    }
    size_t length;
    enum status status = link->operations->read_link(link, text, &length);
    length = length < room ? length : room;
    if (status == STATUS_OK) {
        node_note_read(link);
        status = copy_result(to, text, length);
    }
    heap_free(text);
    return status == STATUS_OK ? (int64_t)length : status;
}

static int64_t read_link_at(uint64_t directory, uint64_t address, uint64_t to, int32_t room) {
    if (room <= 0) {
        return STATUS_INVALID;
    }
    struct call_path path;
    struct location found;
    int64_t result = call_path_begin(&path, directory, address, EMPTY_PATH_IS_START);
    if (result == STATUS_OK) {
        result = call_path_resolve(&path, LAST_LINK_KEEP, &found);
    }
    if (result == STATUS_OK) {
        if (found.node->kind == NODE_SYMLINK) {
            result = copy_link_text(found.node, to, (uint64_t)room);
        } else {
            result = call_path_is_empty(&path) ? STATUS_NOT_FOUND : STATUS_INVALID;
        }
        location_unref(&found);
    }
    call_path_end(&path);
    return result;
}

int64_t call_readlink(const struct trap_frame *frame) {
    return read_link_at((uint64_t)CURRENT_DIRECTORY, frame->rdi, frame->rsi, (int32_t)frame->rdx);
}

int64_t call_readlinkat(const struct trap_frame *frame) {
    return read_link_at(frame->rdi, frame->rsi, frame->rdx, (int32_t)frame->r10);
}
