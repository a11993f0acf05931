#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/file/open.h"
#include "kernel/files/inotify/inotify.h"
#include "kernel/files/pipe/pipe.h"
#include "kernel/files/socket/socket.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"

/* Requests of man 2 ioctl that are for files of every kind. */
enum control_request : uint32_t {
    SIOCOUTQ = 0x5411,
    FIONREAD = 0x541b,
    FIONBIO = 0x5421,
    FIONCLEX = 0x5450,
    FIOCLEX = 0x5451,
    FIOQSIZE = 0x5460,
};

static int64_t set_close_on_exec(uint64_t descriptor, bool closes_on_exec) {
    return descriptor_set_close_on_exec(task_current()->files, (uint32_t)descriptor,
                                        closes_on_exec);
}

static int64_t set_no_wait(struct file *file, uint64_t address) {
    int32_t is_on;
    enum status status = copy_argument(&is_on, address, sizeof(is_on));
    if (status == STATUS_OK) {
        uint32_t flags = file_flags(file);
        file_set_flags(file, is_on != 0 ? flags | FILE_NO_WAIT : flags & ~FILE_NO_WAIT);
    }
    return status;
}

static bool is_regular(const struct file *file) {
    return file->place.node != nullptr && file->place.node->kind == NODE_REGULAR;
}

static int64_t tell_count(int64_t count, uint64_t address) {
    int32_t shown = (int32_t)count;
    return copy_result(address, &shown, sizeof(shown));
}

/* How much of a regular file lies behind the position. */
static int64_t tell_regular_bytes(struct file *file, uint64_t address) {
    int64_t position;
    struct node *node = file->place.node;
    enum status status = file_seek(file, 0, FROM_POSITION, &position);
    return status == STATUS_OK
               ? tell_count((int64_t)node->operations->size(node) - position, address)
               : status;
}

static int64_t tell_socket_bytes(struct file *file, uint64_t address) {
    size_t count;
    enum status status = socket_pending(file, &count);
    return status == STATUS_OK ? tell_count((int64_t)count, address) : status;
}

static int64_t tell_bytes_left(struct file *file, uint64_t address) {
    struct pipe *pipe = file_pipe(file);
    if (pipe != nullptr) {
        return tell_count((int64_t)pipe_used(pipe), address);
    }
    if (file_is_socket(file)) {
        return tell_socket_bytes(file, address);
    }
    if (file_is_inotify(file)) {
        return tell_count((int64_t)inotify_size(file), address);
    }
    return is_regular(file) ? tell_regular_bytes(file, address)
                            : file_control(file, FIONREAD, address);
}

static int64_t tell_unreceived(struct file *file, uint64_t address) {
    return file_is_socket(file) ? tell_count((int64_t)socket_unreceived(file), address)
                                : file_control(file, SIOCOUTQ, address);
}

static int64_t tell_size(struct file *file, uint64_t address) {
    struct node *node = file->place.node;
    if (node == nullptr || (node->kind != NODE_REGULAR && node->kind != NODE_DIRECTORY)) {
        return STATUS_NOT_A_TERMINAL;
    }
    uint64_t size_bytes = node->operations->size(node);
    return copy_result(address, &size_bytes, sizeof(size_bytes));
}

static int64_t control(struct file *file, const struct trap_frame *frame) {
    switch ((uint32_t)frame->rsi) {
    case FIOCLEX:
        return set_close_on_exec(frame->rdi, true);
    case FIONCLEX:
        return set_close_on_exec(frame->rdi, false);
    case FIONBIO:
        return set_no_wait(file, frame->rdx);
    case FIONREAD:
        return tell_bytes_left(file, frame->rdx);
    case SIOCOUTQ:
        return tell_unreceived(file, frame->rdx);
    case FIOQSIZE:
        return tell_size(file, frame->rdx);
    }
    return file_control(file, (uint32_t)frame->rsi, frame->rdx);
}

int64_t call_ioctl(const struct trap_frame *frame) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = control(file, frame);
    file_unref(file);
    return result;
}
