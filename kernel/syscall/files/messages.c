#include "kernel/clock/clock.h"
#include "kernel/clock/sleep.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/deadline.h"
#include "kernel/syscall/files/read_write.h"
#include "kernel/syscall/files/socket_calls.h"

/* man 2 send, sendmsg, sendmmsg, recv, recvmsg, recvmmsg. */

static bool may_wait(const struct file *file, uint32_t flags) {
    return file_may_wait(file) && !(flags & MESSAGE_NO_WAIT);
}

static int64_t send_buffer(struct file *file, struct user_buffer *buffer, uint32_t flags,
                           struct socket_sending *sending) {
    struct transfer transfer = user_transfer(buffer);
    if (flags & MESSAGE_URGENT) {
        socket_files_free(sending->files);
        return STATUS_NOT_SUPPORTED;
    }
    sending->transfer = &transfer;
    sending->may_wait = may_wait(file, flags);
    enum status status = socket_send(file, sending);
    return flags & MESSAGE_NO_SIGNAL ? read_result(status, &transfer)
                                     : write_result(status, &transfer);
}

/* With MSG_TRUNC a packet's whole size is the answer. */
static int64_t receive_buffer(struct file *file, struct user_buffer *buffer, uint32_t flags,
                              struct socket_receiving *receiving) {
    struct transfer transfer = user_transfer(buffer);
    if (flags & MESSAGE_URGENT) {
        return STATUS_NOT_SUPPORTED;
    }
    receiving->transfer = &transfer;
    receiving->peeks = flags & MESSAGE_PEEK;
    receiving->wants_all = flags & MESSAGE_WAIT_ALL;
    receiving->may_wait = may_wait(file, flags);
    enum status status = socket_receive(file, receiving);
    bool tells_size = status == STATUS_OK && receiving->is_cut && (flags & MESSAGE_TRUNCATED);
    return tells_size ? (int64_t)receiving->packet_bytes : read_result(status, &transfer);
}

static enum status begin_single(const struct trap_frame *frame, struct file **file,
                                struct user_buffer *buffer) {
    enum status status = user_buffer_single(buffer, frame->rsi, frame->rdx);
    return status == STATUS_OK ? socket_from_descriptor(frame->rdi, file) : status;
}

int64_t call_sendto(const struct trap_frame *frame) {
    struct file *file;
    struct user_buffer buffer;
    struct socket_name name;
    struct socket_sending sending = {};
    int64_t result = begin_single(frame, &file, &buffer);
    if (result != STATUS_OK) {
        return result;
    }
    if (frame->r8 != 0) {
        result = name_from_user(&name, frame->r8, (uint32_t)frame->r9);
        sending.to = name.size_bytes > 0 ? &name : nullptr;
    }
    if (result == STATUS_OK) {
        result = send_buffer(file, &buffer, (uint32_t)frame->r10, &sending);
    }
    file_unref(file);
    return result;
}

int64_t call_recvfrom(const struct trap_frame *frame) {
    struct file *file;
    struct user_buffer buffer;
    struct socket_receiving receiving = {};
    int64_t result = begin_single(frame, &file, &buffer);
    if (result != STATUS_OK) {
        return result;
    }
    result = receive_buffer(file, &buffer, (uint32_t)frame->r10, &receiving);
    socket_files_free(receiving.files);
    file_unref(file);
    if (result < 0 || frame->r8 == 0) {
        return result;
    }
    enum status status = name_to_user(&receiving.sender, frame->r8, frame->r9);
    return status == STATUS_OK ? result : status;
}

/* A header and the pieces of memory that it names, which are to be released. */
static enum status take_header(uint64_t address, struct message_header *header,
                               struct user_buffer *buffer) {
    enum status status = copy_argument(header, address, sizeof(*header));
    if (status != STATUS_OK) {
        return status;
    }
    if (header->name == 0) {
        header->name_size = 0;
    }
    if (header->name_size < 0) {
        return STATUS_INVALID;
    }
    if (header->vector_count > VECTOR_COUNT_MAX) {
        return STATUS_MESSAGE_TOO_LONG;
    }
    return user_buffer_gather(buffer, header->vectors, header->vector_count);
}

static enum status take_target(const struct message_header *header, struct socket_name *name,
                               struct socket_sending *sending) {
    constexpr int32_t size_max = 128; /* struct sockaddr_storage */
    if (header->name_size == 0) {
        return STATUS_OK;
    }
    sending->to = name;
    return name_from_user(name, header->name,
                          header->name_size < size_max ? (uint32_t)header->name_size : size_max);
}

static int64_t send_message(struct file *file, uint64_t address, uint32_t flags) {
    struct message_header header;
    struct user_buffer buffer;
    struct socket_name name;
    struct socket_sending sending = {};
    int64_t result = take_header(address, &header, &buffer);
    if (result != STATUS_OK) {
        return result;
    }
    result = take_target(&header, &name, &sending);
    if (result == STATUS_OK) {
        result = control_from_user(&header, &sending);
    }
    if (result == STATUS_OK) {
        result = send_buffer(file, &buffer, flags, &sending);
    }
    user_buffer_release(&buffer);
    return result;
}

/* Writes back what the header says after receiving: the sender's name, flags, and how much was told
 * besides the message. */
static enum status tell_header(uint64_t address, const struct message_header *before,
                               const struct message_header *header,
                               const struct socket_name *sender) {
    enum status status = STATUS_OK;
    uint64_t control_size = header->control - before->control;
    if (header->name != 0) {
        status = name_to_user(sender, header->name,
                              address + offsetof(struct message_header, name_size));
    }
    if (status == STATUS_OK) {
        status = copy_result(address + offsetof(struct message_header, flags), &header->flags,
                             sizeof(header->flags));
    }
    return status == STATUS_OK
               ? copy_result(address + offsetof(struct message_header, control_size), &control_size,
                             sizeof(control_size))
               : status;
}

static int64_t receive_message(struct file *file, uint64_t address, uint32_t flags) {
    struct message_header header;
    struct user_buffer buffer;
    struct socket_receiving receiving = {};
    int64_t result = take_header(address, &header, &buffer);
    if (result != STATUS_OK) {
        return result;
    }
    const struct message_header before = header;
    result = receive_buffer(file, &buffer, flags, &receiving);
    user_buffer_release(&buffer);
    if (result < 0) {
        socket_files_free(receiving.files);
        return result;
    }
    bool closes_on_exec = flags & MESSAGE_CLOSES_ON_EXEC;
    header.flags = (flags & MESSAGE_CLOSES_ON_EXEC) | (receiving.is_cut ? MESSAGE_TRUNCATED : 0);
    control_to_user(&header, socket_passes_credentials(file), closes_on_exec, &receiving);
    enum status status = tell_header(address, &before, &header, &receiving.sender);
    return status == STATUS_OK ? result : status;
}

/* One of send_message, receive_message. */
typedef int64_t messaging(struct file *file, uint64_t address, uint32_t flags);

static int64_t with_message(const struct trap_frame *frame, messaging *move) {
    struct file *file;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = move(file, frame->rsi, (uint32_t)frame->rdx);
    file_unref(file);
    return result;
}

int64_t call_sendmsg(const struct trap_frame *frame) {
    return with_message(frame, send_message);
}

int64_t call_recvmsg(const struct trap_frame *frame) {
    return with_message(frame, receive_message);
}

/* struct mmsghdr: a header, and how much was moved. */
struct counted_header {
    struct message_header header;
    uint32_t count, padding;
};

static_assert(sizeof(struct counted_header) == 64);

/* Moves the message, and says how much of it was. */
static int64_t move_counted(struct file *file, uint64_t address, uint32_t flags, messaging *move) {
    int64_t result = move(file, address, flags);
    if (result < 0) {
        return result;
    }
    uint32_t count = (uint32_t)result;
    return copy_result(address + offsetof(struct counted_header, count), &count, sizeof(count));
}

static int64_t send_all(struct file *file, uint64_t address, uint32_t count, uint32_t flags) {
    int64_t result = STATUS_OK;
    uint32_t sent = 0;
    for (; sent < count && result == STATUS_OK; sent += result == STATUS_OK) {
        result =
            move_counted(file, address + sent * sizeof(struct counted_header), flags, send_message);
    }
    return sent > 0 ? sent : result;
}

int64_t call_sendmmsg(const struct trap_frame *frame) {
    struct file *file;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    uint32_t count = (uint32_t)frame->rdx;
    count = count < VECTOR_COUNT_MAX ? count : (uint32_t)VECTOR_COUNT_MAX;
    int64_t result = send_all(file, frame->rsi, count, (uint32_t)frame->r10);
    file_unref(file);
    return result;
}

/* The deadline ends it only between messages, as on Linux. */
static int64_t receive_all(struct file *file, const struct trap_frame *frame,
                           uint64_t deadline_ns) {
    uint32_t count = (uint32_t)frame->rdx;
    uint32_t flags = (uint32_t)frame->r10;
    int64_t result = STATUS_OK;
    uint32_t received = 0;
    while (received < count && result == STATUS_OK) {
        uint64_t at = frame->rsi + received * sizeof(struct counted_header);
        result = move_counted(file, at, flags & ~MESSAGE_WAIT_FOR_ONE, receive_message);
        received += result == STATUS_OK;
        flags |= flags & MESSAGE_WAIT_FOR_ONE ? MESSAGE_NO_WAIT : 0;
        if (deadline_left(deadline_ns) == 0) {
            break;
        }
    }
    return received > 0 ? received : result;
}

static enum status tell_time_left(uint64_t address, uint64_t deadline_ns) {
    uint64_t left = deadline_left(deadline_ns);
    const uint64_t time[2] = {left / NANOSECONDS_PER_SECOND, left % NANOSECONDS_PER_SECOND};
    return address == 0 ? STATUS_OK : copy_result(address, time, sizeof(time));
}

int64_t call_recvmmsg(const struct trap_frame *frame) {
    struct file *file;
    uint64_t deadline;
    int64_t result = deadline_of_timespec(frame->r8, &deadline);
    if (result == STATUS_OK) {
        result = socket_from_descriptor(frame->rdi, &file);
    }
    if (result != STATUS_OK) {
        return result;
    }
    int32_t error;
    enum status status = socket_option(file, OPTION_ERROR, &error);
    result =
        status == STATUS_OK && error != 0 ? -(int64_t)error : receive_all(file, frame, deadline);
    file_unref(file);
    if (result > 0 && tell_time_left(frame->r8, deadline) != STATUS_OK) {
        return STATUS_FAULT;
    }
    return result;
}
