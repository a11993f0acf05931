#include "kernel/syscall/files/locks.h"

#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/locks/locks.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"

/* Commands of man 2 fcntl. */
enum lock_command : uint32_t {
    F_GETLK = 5,
    F_SETLK = 6,
    F_SETLKW = 7,
    F_OFD_GETLK = 36,
    F_OFD_SETLK = 37,
    F_OFD_SETLKW = 38,
};

/* l_type: F_RDLCK, F_WRLCK, F_UNLCK, in the order of enum lock_type. */
constexpr int16_t TYPE_NONE = 2;

/* struct flock of man 2 fcntl. */
struct user_lock {
    int16_t type;
    int16_t whence;
    int32_t padding;
    int64_t start;
    int64_t size_bytes;
    int32_t process;
    int32_t padding_2;
};

static_assert(sizeof(struct user_lock) == 32);

bool fcntl_is_lock(uint32_t command) {
    return (command >= F_GETLK && command <= F_SETLKW) ||
           (command >= F_OFD_GETLK && command <= F_OFD_SETLKW);
}

static bool is_of_file(uint32_t command) {
    return command >= F_OFD_GETLK;
}

/* The offset that the start is counted from. */
static enum status find_base(struct file *file, int16_t whence, int64_t *base) {
    struct node *node = file->place.node;
    switch (whence) {
    case FROM_START:
        *base = 0;
        return STATUS_OK;
    case FROM_POSITION:
        *base = 0;
        return file->operations->is_seekable ? file_seek(file, 0, FROM_POSITION, base) : STATUS_OK;
    case FROM_END:
        *base = node == nullptr ? 0 : (int64_t)node->operations->size(node);
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

/* A negative size means what lies before the start; 0, all that comes. */
static enum status find_range(int64_t start, int64_t size_bytes, struct lock_request *request) {
    int64_t end = INT64_MAX;
    if (start < 0) {
        return STATUS_INVALID;
    }
    if (size_bytes > 0 && __builtin_add_overflow(start, size_bytes - 1, &end)) {
        return STATUS_OVERFLOW;
    }
    if (size_bytes < 0) {
        end = start - 1;
        start += size_bytes;
    }
    if (start < 0) {
        return STATUS_INVALID;
    }
    request->start = (uint64_t)start;
    request->end = (uint64_t)end;
    return STATUS_OK;
}

static enum status take_range(struct file *file, const struct user_lock *lock,
                              struct lock_request *request) {
    int64_t base, start;
    enum status status = find_base(file, lock->whence, &base);
    if (status != STATUS_OK) {
        return status;
    }
    if (__builtin_add_overflow(base, lock->start, &start)) {
        return STATUS_OVERFLOW;
    }
    return find_range(start, lock->size_bytes, request);
}

static enum status take_lock(struct file *file, uint32_t command, const struct user_lock *lock,
                             struct lock_request *request) {
    bool has_own_owner = is_of_file(command);
    *request = (struct lock_request){
        .what = file_lock_key(file),
        .owner = has_own_owner ? (const void *)file : task_current()->files,
        .process = has_own_owner ? 0 : process_current()->number,
        .family = LOCK_RANGES,
        .type = (enum lock_type)lock->type,
    };
    bool is_type = lock->type >= 0 && lock->type <= TYPE_NONE;
    if (!is_type || (has_own_owner && lock->process != 0)) {
        return STATUS_INVALID;
    }
    return take_range(file, lock, request);
}

/* Who reads may lock others' writing out, and who writes, everybody. */
static enum status check_access(const struct file *file, enum lock_type type) {
    bool is_refused = (type == LOCK_SHARED && !(file->access & ACCESS_OF_READING)) ||
                      (type == LOCK_EXCLUSIVE && !(file->access & ACCESS_OF_WRITING));
    return is_refused ? STATUS_BAD_DESCRIPTOR : STATUS_OK;
}

/* While a lock was waited for, another thread may have closed the descriptor, and whoever closes
 * one gives up the locks that there are then: so this one is given up as well. */
static enum status keep_if_open(const struct file *file, uint64_t descriptor) {
    struct descriptor_table *table = task_current()->files;
    struct file *open = nullptr;
    enum status status = descriptor_get(table, (uint32_t)descriptor, &open);
    bool is_same = status == STATUS_OK && open == file;
    file_unref(open);
    if (!is_same) {
        locks_drop(file_lock_key(file), table);
    }
    return is_same ? STATUS_OK : STATUS_BAD_DESCRIPTOR;
}

static enum status set_for_process(const struct file *file, uint64_t descriptor,
                                   const struct lock_request *request,
                                   enum lock_patience patience) {
    enum status status = lock_set(request, patience);
    return status == STATUS_OK && request->type != LOCK_NONE ? keep_if_open(file, descriptor)
                                                             : status;
}

static enum status set_lock(const struct file *file, uint64_t descriptor, uint32_t command,
                            const struct lock_request *request) {
    enum status status = check_access(file, request->type);
    if (status != STATUS_OK) {
        return status;
    }
    switch (command) {
    case F_SETLK:
        return set_for_process(file, descriptor, request, LOCK_AT_ONCE);
    case F_SETLKW:
        return set_for_process(file, descriptor, request, LOCK_WAITS_FOR_PROCESSES);
    case F_OFD_SETLKW:
        return lock_set(request, LOCK_WAITS);
    }
    return lock_set(request, LOCK_AT_ONCE);
}

static struct user_lock shown(const struct lock_request *found) {
    bool is_open_ended = found->end == LOCK_END_MAX;
    return (struct user_lock){
        .type = found->type,
        .whence = FROM_START,
        .start = (int64_t)found->start,
        .size_bytes = is_open_ended ? 0 : (int64_t)(found->end - found->start + 1),
        .process = found->process == 0 ? -1 : (int32_t)found->process,
    };
}

static int64_t tell_lock(const struct lock_request *request, bool has_own_owner,
                         struct user_lock *lock, uint64_t address) {
    struct lock_request found;
    if (request->type == LOCK_NONE && !has_own_owner) {
        return STATUS_INVALID;
    }
    if (lock_find(request, &found)) {
        *lock = shown(&found);
    } else {
        lock->type = TYPE_NONE;
    }
    return copy_result(address, lock, sizeof(*lock));
}

int64_t fcntl_lock(struct file *file, uint64_t descriptor, uint32_t command, uint64_t address) {
    struct user_lock lock;
    struct lock_request request;
    enum status status = copy_argument(&lock, address, sizeof(lock));
    if (status == STATUS_OK) {
        status = take_lock(file, command, &lock, &request);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool only_asks = command == F_GETLK || command == F_OFD_GETLK;
    return only_asks ? tell_lock(&request, is_of_file(command), &lock, address)
                     : set_lock(file, descriptor, command, &request);
}

/* Operations of man 2 flock. */
constexpr uint32_t FLOCK_SHARED = 1;
constexpr uint32_t FLOCK_EXCLUSIVE = 2;
constexpr uint32_t FLOCK_AT_ONCE = 4;
constexpr uint32_t FLOCK_NONE = 8;
constexpr uint32_t FLOCK_MANDATORY = 32; /* LOCK_MAND, which Linux does nothing for any more */

static enum status find_type(uint32_t operation, enum lock_type *type) {
    switch (operation & ~FLOCK_AT_ONCE) {
    case FLOCK_SHARED:
        *type = LOCK_SHARED;
        return STATUS_OK;
    case FLOCK_EXCLUSIVE:
        *type = LOCK_EXCLUSIVE;
        return STATUS_OK;
    case FLOCK_NONE:
        *type = LOCK_NONE;
        return STATUS_OK;
    }
    return STATUS_INVALID;
}

int64_t call_flock(const struct trap_frame *frame) {
    uint32_t operation = (uint32_t)frame->rsi;
    struct file *file;
    enum lock_type type;
    if (operation & FLOCK_MANDATORY) {
        return 0;
    }
    enum status status = find_type(operation, &type);
    if (status == STATUS_OK) {
        status = open_file(frame->rdi, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct lock_request request = {
        .what = file_lock_key(file),
        .owner = file,
        .family = LOCK_WHOLE,
        .type = type,
        .end = LOCK_END_MAX,
    };
    status = lock_set_whole(&request, operation & FLOCK_AT_ONCE ? LOCK_AT_ONCE : LOCK_WAITS);
    file_unref(file);
    return status;
}
