#include "kernel/files/socket/socket.h"

#include "kernel/files/file/open.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/read_write.h"
#include "kernel/syscall/files/user_transfer.h"

/* There is no network, and no socket has a name: only pairs are there (man 7 unix). */

constexpr uint32_t FAMILY_UNIX = 1;
constexpr uint32_t KIND_MASK_OF_TYPE = 15;
constexpr uint32_t KIND_LAST = 10; /* SOCK_PACKET */

/* Flags of man 2 send and recv. */
constexpr uint32_t MESSAGE_PEEK = 0x2;
constexpr uint32_t MESSAGE_TRUNCATED = 0x20;
constexpr uint32_t MESSAGE_NO_WAIT = 0x40;
constexpr uint32_t MESSAGE_NO_SIGNAL = 0x4000;

int64_t call_socket(const struct trap_frame *frame) {
    (void)frame;
    return STATUS_NO_ADDRESS_FAMILY;
}

static enum status check_pair(uint32_t family, uint32_t type, uint32_t protocol) {
    uint32_t kind = type & KIND_MASK_OF_TYPE;
    uint32_t flags = type & ~KIND_MASK_OF_TYPE;
    if ((flags & ~(FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC)) || kind > KIND_LAST) {
        return STATUS_INVALID;
    }
    if (family != FAMILY_UNIX) {
        return STATUS_NO_ADDRESS_FAMILY;
    }
    if (protocol != 0 && protocol != FAMILY_UNIX) {
        return STATUS_NO_PROTOCOL;
    }
    bool is_known = kind == SOCKET_STREAM || kind == SOCKET_DATAGRAM || kind == SOCKET_SEQUENCED;
    return is_known ? STATUS_OK : STATUS_NO_SOCKET_KIND;
}

int64_t call_socketpair(const struct trap_frame *frame) {
    uint32_t type = (uint32_t)frame->rsi;
    struct file *ends[2];
    enum status status = check_pair((uint32_t)frame->rdi, type, (uint32_t)frame->rdx);
    if (status == STATUS_OK) {
        status = socket_open_pair((enum socket_kind)(type & KIND_MASK_OF_TYPE), type & FILE_NO_WAIT,
                                  ends);
    }
    return status == STATUS_OK ? install_two_files(ends, type & OPEN_CLOSE_ON_EXEC, frame->r10)
                               : status;
}

static enum status socket_of(uint64_t descriptor, struct file **file) {
    enum status status = open_file(descriptor, file);
    if (status == STATUS_OK && !file_is_socket(*file)) {
        file_unref(*file);
        return STATUS_NOT_A_SOCKET;
    }
    return status;
}

static bool may_wait(const struct file *file, uint32_t flags) {
    return file_may_wait(file) && !(flags & MESSAGE_NO_WAIT);
}

static int64_t send(struct file *file, struct user_buffer *buffer, uint32_t flags) {
    struct transfer transfer = user_transfer(buffer);
    enum status status = socket_send(file, &transfer, may_wait(file, flags));
    return flags & MESSAGE_NO_SIGNAL ? read_result(status, &transfer)
                                     : write_result(status, &transfer);
}

/* With MSG_TRUNC a packet's whole size is the answer. */
static int64_t receive(struct file *file, struct user_buffer *buffer, uint32_t flags,
                       uint32_t *flags_out) {
    size_t packet_size;
    struct transfer transfer = user_transfer(buffer);
    bool waits = may_wait(file, flags);
    enum status status = flags & MESSAGE_PEEK
                             ? socket_peek(file, &transfer, waits, &packet_size)
                             : socket_receive(file, &transfer, waits, &packet_size);
    bool is_cut = packet_size > transfer.done_bytes;
    *flags_out = status == STATUS_OK && is_cut ? MESSAGE_TRUNCATED : 0;
    bool tells_size = status == STATUS_OK && is_cut && (flags & MESSAGE_TRUNCATED);
    return tells_size ? (int64_t)packet_size : read_result(status, &transfer);
}

int64_t call_sendto(const struct trap_frame *frame) {
    struct file *file;
    struct user_buffer buffer;
    enum status status = user_buffer_single(&buffer, frame->rsi, frame->rdx);
    if (status == STATUS_OK) {
        status = socket_of(frame->rdi, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = STATUS_IS_CONNECTED; /* an address is refused */
    if (frame->r8 == 0) {
        result = send(file, &buffer, (uint32_t)frame->r10);
    }
    file_unref(file);
    return result;
}

/* The other end has no name: its address is empty. */
static enum status tell_no_address(uint64_t length_address) {
    constexpr uint32_t length = 0;
    return length_address == 0 ? STATUS_OK : copy_result(length_address, &length, sizeof(length));
}

int64_t call_recvfrom(const struct trap_frame *frame) {
    struct file *file;
    struct user_buffer buffer;
    uint32_t flags_out;
    enum status status = user_buffer_single(&buffer, frame->rsi, frame->rdx);
    if (status == STATUS_OK) {
        status = socket_of(frame->rdi, &file);
    }
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = receive(file, &buffer, (uint32_t)frame->r10, &flags_out);
    file_unref(file);
    status = frame->r8 == 0 || result < 0 ? STATUS_OK : tell_no_address(frame->r9);
    return status == STATUS_OK ? result : status;
}

/* struct msghdr of man 2 recvmsg. */
struct message {
    uint64_t name;
    uint32_t name_length;
    uint32_t padding;
    uint64_t vectors, vector_count;
    uint64_t control, control_length;
    uint32_t flags;
    uint32_t padding_behind;
};

static_assert(sizeof(struct message) == 56);

/* What goes with a message, like descriptors, is not carried. */
static enum status begin_message(const struct trap_frame *frame, struct message *message,
                                 struct file **file, struct user_buffer *buffer) {
    enum status status = socket_of(frame->rdi, file);
    if (status != STATUS_OK) {
        return status;
    }
    status = copy_argument(message, frame->rsi, sizeof(*message));
    if (status == STATUS_OK && message->vector_count > VECTOR_COUNT_MAX) {
        status = STATUS_MESSAGE_TOO_LONG;
    }
    if (status == STATUS_OK) {
        status = user_buffer_gather(buffer, message->vectors, message->vector_count);
    }
    if (status != STATUS_OK) {
        file_unref(*file);
    }
    return status;
}

int64_t call_sendmsg(const struct trap_frame *frame) {
    struct message message;
    struct file *file;
    struct user_buffer buffer;
    enum status status = begin_message(frame, &message, &file, &buffer);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = STATUS_IS_CONNECTED;
    if (message.control_length > 0) {
        result = STATUS_INVALID;
    } else if (message.name_length == 0) {
        result = send(file, &buffer, (uint32_t)frame->rdx);
    }
    user_buffer_release(&buffer);
    file_unref(file);
    return result;
}

int64_t call_recvmsg(const struct trap_frame *frame) {
    struct message message;
    struct file *file;
    struct user_buffer buffer;
    enum status status = begin_message(frame, &message, &file, &buffer);
    if (status != STATUS_OK) {
        return status;
    }
    int64_t result = receive(file, &buffer, (uint32_t)frame->rdx, &message.flags);
    user_buffer_release(&buffer);
    file_unref(file);
    if (result < 0) {
        return result;
    }
    message.name_length = 0;
    message.control_length = 0;
    status = copy_result(frame->rsi, &message, sizeof(message));
    return status == STATUS_OK ? result : status;
}

int64_t call_shutdown(const struct trap_frame *frame) {
    enum { RECEIVING, SENDING, BOTH };
    uint32_t how = (uint32_t)frame->rsi;
    struct file *file;
    enum status status = socket_of(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (how == RECEIVING || how == BOTH) {
        socket_end_receiving(file);
    }
    if (how == SENDING || how == BOTH) {
        socket_end_sending(file);
    }
    file_unref(file);
    return how > BOTH ? STATUS_INVALID : STATUS_OK;
}

/* What is for sockets that have no other end yet. */
static int64_t refuse(uint64_t descriptor, enum status why) {
    struct file *file;
    enum status status = socket_of(descriptor, &file);
    if (status != STATUS_OK) {
        return status;
    }
    file_unref(file);
    return why;
}

int64_t call_connect(const struct trap_frame *frame) {
    return refuse(frame->rdi, STATUS_IS_CONNECTED);
}

int64_t call_bind(const struct trap_frame *frame) {
    return refuse(frame->rdi, STATUS_INVALID);
}

int64_t call_listen(const struct trap_frame *frame) {
    return refuse(frame->rdi, STATUS_INVALID);
}

int64_t call_accept(const struct trap_frame *frame) {
    return refuse(frame->rdi, STATUS_INVALID);
}

/* Both ends have the empty address of their family. */
int64_t call_getsockname(const struct trap_frame *frame) {
    constexpr uint16_t family = FAMILY_UNIX;
    constexpr uint32_t size_bytes = sizeof(family);
    uint32_t room;
    enum status status = (enum status)refuse(frame->rdi, STATUS_OK);
    if (status == STATUS_OK) {
        status = copy_argument(&room, frame->rdx, sizeof(room));
    }
    if (status != STATUS_OK) {
        return status;
    }
    if ((int32_t)room < 0) {
        return STATUS_INVALID;
    }
    status = copy_result(frame->rsi, &family, room < size_bytes ? room : size_bytes);
    return status == STATUS_OK ? copy_result(frame->rdx, &size_bytes, sizeof(size_bytes)) : status;
}

/* Options of man 7 socket that can be asked for. */
enum socket_option : uint32_t {
    OPTION_TYPE = 3,
    OPTION_ERROR = 4,
    OPTION_SEND_SIZE = 7,
    OPTION_RECEIVE_SIZE = 8,
    OPTION_ACCEPTS = 30,
    OPTION_PROTOCOL = 38,
    OPTION_DOMAIN = 39,
};

static enum status find_option(const struct file *file, uint32_t option, uint32_t *value) {
    *value = 0;
    switch (option) {
    case OPTION_TYPE:
        *value = socket_kind_of(file);
        return STATUS_OK;
    case OPTION_SEND_SIZE:
    case OPTION_RECEIVE_SIZE:
        *value = SOCKET_CAPACITY;
        return STATUS_OK;
    case OPTION_DOMAIN:
        *value = FAMILY_UNIX;
        return STATUS_OK;
    case OPTION_ERROR:
    case OPTION_ACCEPTS:
    case OPTION_PROTOCOL:
        return STATUS_OK;
    }
    return STATUS_NO_SUCH_OPTION;
}

static enum status tell_option(uint32_t value, uint64_t to, uint64_t length_address) {
    uint32_t room;
    enum status status = copy_argument(&room, length_address, sizeof(room));
    if (status != STATUS_OK) {
        return status;
    }
    if ((int32_t)room < 0) {
        return STATUS_INVALID;
    }
    room = room < sizeof(value) ? room : sizeof(value);
    status = copy_result(to, &value, room);
    return status == STATUS_OK ? copy_result(length_address, &room, sizeof(room)) : status;
}

int64_t call_getsockopt(const struct trap_frame *frame) {
    constexpr uint32_t level_of_sockets = 1;
    struct file *file;
    uint32_t value;
    enum status status = socket_of(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = (uint32_t)frame->rsi == level_of_sockets
                 ? find_option(file, (uint32_t)frame->rdx, &value)
                 : STATUS_NOT_SUPPORTED;
    file_unref(file);
    return status == STATUS_OK ? tell_option(value, frame->r10, frame->r8) : status;
}

int64_t call_setsockopt(const struct trap_frame *frame) {
    return refuse(frame->rdi, STATUS_NO_SUCH_OPTION);
}
