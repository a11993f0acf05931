#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/file/open.h"
#include "kernel/files/file/seals.h"
#include "kernel/files/pipe/pipe.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/locks.h"
#include "kernel/syscall/files/owner.h"

/* Commands of man 2 fcntl. */
enum fcntl_command : uint32_t {
    F_DUPFD = 0,
    F_GETFD = 1,
    F_SETFD = 2,
    F_GETFL = 3,
    F_SETFL = 4,
    F_SETOWN = 8,
    F_GETOWN = 9,
    F_SETSIG = 10,
    F_GETSIG = 11,
    F_SETOWN_EX = 15,
    F_GETOWN_EX = 16,
    F_GETLEASE = 1025,
    F_DUPFD_QUERY = 1027,
    F_DUPFD_CLOEXEC = 1030,
    F_SETPIPE_SZ = 1031,
    F_GETPIPE_SZ = 1032,
    F_ADD_SEALS = 1033,
    F_GET_SEALS = 1034,
    F_GET_RW_HINT = 1035,
    F_SET_RW_HINT = 1036,
};

constexpr int64_t NO_LEASE = 2;                   /* F_UNLCK */
constexpr uint32_t DESCRIPTOR_CLOSES_ON_EXEC = 1; /* FD_CLOEXEC */

static int64_t copy_file(struct file *file, uint64_t lowest, bool closes_on_exec) {
    if (lowest >= descriptor_limit()) {
        return STATUS_INVALID;
    }
    file_ref(file);
    return install_file(file, (uint32_t)lowest, closes_on_exec);
}

static int64_t get_descriptor_flags(uint32_t descriptor) {
    bool closes_on_exec;
    enum status status =
        descriptor_closes_on_exec(task_current()->files, descriptor, &closes_on_exec);
    return status == STATUS_OK && closes_on_exec ? DESCRIPTOR_CLOSES_ON_EXEC : (int64_t)status;
}

/* Only who owns a file may keep its access time (man 2 fcntl, EPERM), and not everything can be
 * direct. */
static enum status check_status_flags(struct file *file, uint32_t flags) {
    struct credentials credentials = acting_credentials();
    struct node *node = file->place.node;
    bool is_new = (flags & ~file_flags(file) & OPEN_NO_ACCESS_TIME) != 0;
    bool is_refused = is_new && node != nullptr && !node_is_owned(node, &credentials);
    if (is_refused) {
        return STATUS_NOT_PERMITTED;
    }
    return (flags & FILE_DIRECT) && !file_can_be_direct(file) ? STATUS_INVALID : STATUS_OK;
}

static int64_t set_status_flags(struct file *file, uint32_t flags) {
    enum status status = check_status_flags(file, flags);
    if (status == STATUS_OK) {
        file_set_flags(file, flags);
    }
    return status;
}

static int64_t set_pipe_capacity(const struct file *file, uint64_t size_bytes) {
    struct pipe *pipe = file_pipe(file);
    if (pipe == nullptr) {
        return STATUS_BAD_DESCRIPTOR;
    }
    bool is_root = process_has_capabilities();
    enum status status = pipe_set_capacity(pipe, size_bytes, is_root);
    return status == STATUS_OK ? (int64_t)pipe_capacity(pipe) : status;
}

static int64_t get_pipe_capacity(const struct file *file) {
    struct pipe *pipe = file_pipe(file);
    return pipe == nullptr ? STATUS_BAD_DESCRIPTOR : (int64_t)pipe_capacity(pipe);
}

static int64_t is_same_file(const struct file *file, uint64_t descriptor) {
    struct file *other;
    enum status status = any_file(descriptor, &other);
    if (status == STATUS_OK) {
        file_unref(other);
    }
    return status == STATUS_OK ? other == file : (int64_t)status;
}

/* man 2 fcntl, F_SET_RW_HINT: how long what is written may live; nothing follows from it. */
static int64_t get_write_hint(const struct file *file, uint64_t address) {
    const struct node *node = file->place.node;
    uint64_t hint = node == nullptr ? 0 : __atomic_load_n(&node->write_hint, __ATOMIC_RELAXED);
    return copy_result(address, &hint, sizeof(hint));
}

static int64_t set_write_hint(const struct file *file, uint64_t address) {
    constexpr uint64_t last = 5; /* RWH_WRITE_LIFE_EXTREME */
    struct credentials credentials = acting_credentials();
    uint64_t hint;
    if (file->place.node != nullptr && !node_is_owned(file->place.node, &credentials)) {
        return STATUS_NOT_PERMITTED;
    }
    enum status status = copy_argument(&hint, address, sizeof(hint));
    if (status != STATUS_OK || hint > last) {
        return status == STATUS_OK ? STATUS_INVALID : status;
    }
    if (file->place.node != nullptr) {
        __atomic_store_n(&file->place.node->write_hint, (uint8_t)hint, __ATOMIC_RELAXED);
    }
    return 0;
}

static int64_t get_seals(struct file *file) {
    uint32_t seals;
    enum status status = file_seals(file, &seals);
    return status == STATUS_OK ? seals : (int64_t)status;
}

/* What is allowed where the file was opened with O_PATH. */
static bool is_of_descriptor(uint32_t command) {
    return command == F_DUPFD || command == F_DUPFD_CLOEXEC || command == F_GETFD ||
           command == F_SETFD || command == F_GETFL || command == F_DUPFD_QUERY;
}

static int64_t control_descriptor(struct file *file, const struct trap_frame *frame) {
    uint64_t argument = frame->rdx;
    switch ((uint32_t)frame->rsi) {
    case F_DUPFD:
        return copy_file(file, argument, false);
    case F_DUPFD_CLOEXEC:
        return copy_file(file, argument, true);
    case F_DUPFD_QUERY:
        return is_same_file(file, argument);
    case F_GETFD:
        return get_descriptor_flags((uint32_t)frame->rdi);
    case F_SETFD:
        return descriptor_set_close_on_exec(task_current()->files, (uint32_t)frame->rdi,
                                            argument & DESCRIPTOR_CLOSES_ON_EXEC);
    }
    return file_flags(file); /* F_GETFL */
}

static int64_t control_file(struct file *file, uint32_t command, uint64_t argument) {
    switch (command) {
    case F_SETFL:
        return set_status_flags(file, (uint32_t)argument);
    case F_SETOWN:
        return fcntl_set_owner(file, (int32_t)argument);
    case F_GETOWN:
        return fcntl_get_owner(file);
    case F_SETOWN_EX:
        return fcntl_set_owner_of_kind(file, argument);
    case F_GETOWN_EX:
        return fcntl_get_owner_of_kind(file, argument);
    case F_SETSIG:
        return fcntl_set_signal(file, argument);
    case F_GETSIG:
        return fcntl_get_signal(file);
    case F_GETLEASE:
        return NO_LEASE;
    case F_SETPIPE_SZ:
        return set_pipe_capacity(file, (uint32_t)argument);
    case F_GETPIPE_SZ:
        return get_pipe_capacity(file);
    case F_ADD_SEALS:
        return file_add_seals(file, (uint32_t)argument);
    case F_GET_SEALS:
        return get_seals(file);
    case F_GET_RW_HINT:
        return get_write_hint(file, argument);
    case F_SET_RW_HINT:
        return set_write_hint(file, argument);
    }
    return STATUS_INVALID;
}

int64_t call_fcntl(const struct trap_frame *frame) {
    struct file *file;
    enum status status = any_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t command = (uint32_t)frame->rsi;
    int64_t result;
    if (is_of_descriptor(command)) {
        result = control_descriptor(file, frame);
    } else if (file_is_only_path(file)) {
        result = STATUS_BAD_DESCRIPTOR;
    } else if (fcntl_is_lock(command)) {
        result = fcntl_lock(file, frame->rdi, command, frame->rdx);
    } else {
        result = control_file(file, command, frame->rdx);
    }
    file_unref(file);
    return result;
}
