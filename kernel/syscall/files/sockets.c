#include "kernel/files/socket/socket.h"

#include "kernel/files/file/descriptor_table.h"
#include "kernel/files/file/open.h"
#include "kernel/syscall/calls.h"
#include "kernel/syscall/files/arguments.h"
#include "kernel/syscall/files/socket_calls.h"
#include "lib/memory.h"

/* There is no network: only sockets of this machine are there (man 7 unix). */

constexpr uint32_t KIND_MASK_OF_TYPE = 15;
constexpr uint32_t KIND_LAST = 10; /* SOCK_PACKET */
constexpr uint32_t KIND_RAW = 3;   /* SOCK_RAW, which is SOCK_DGRAM here */
constexpr uint32_t FAMILY_COUNT = 46;

static enum status check_request(uint32_t family, uint32_t type, uint32_t protocol) {
    uint32_t kind = type & KIND_MASK_OF_TYPE;
    if ((type & ~KIND_MASK_OF_TYPE) & ~(FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC)) {
        return STATUS_INVALID;
    }
    if (family >= FAMILY_COUNT) {
        return STATUS_NO_ADDRESS_FAMILY;
    }
    if (kind > KIND_LAST) {
        return STATUS_INVALID;
    }
    if (family != SOCKET_FAMILY_UNIX) {
        return STATUS_NO_ADDRESS_FAMILY;
    }
    if (protocol != 0 && protocol != SOCKET_FAMILY_UNIX) {
        return STATUS_NO_PROTOCOL;
    }
    bool is_known = kind == SOCKET_STREAM || kind == SOCKET_DATAGRAM || kind == SOCKET_SEQUENCED ||
                    kind == KIND_RAW;
    return is_known ? STATUS_OK : STATUS_NO_SOCKET_KIND;
}

static enum socket_kind kind_of(uint32_t type) {
    uint32_t kind = type & KIND_MASK_OF_TYPE;
    return kind == KIND_RAW ? SOCKET_DATAGRAM : (enum socket_kind)kind;
}

int64_t call_socket(const struct trap_frame *frame) {
    uint32_t type = (uint32_t)frame->rsi;
    struct file *file;
    socket_calls_begin();
    enum status status = check_request((uint32_t)frame->rdi, type, (uint32_t)frame->rdx);
    if (status == STATUS_OK) {
        status = socket_open(kind_of(type), type & FILE_NO_WAIT, &file);
    }
    return status == STATUS_OK ? install_file(file, 0, type & OPEN_CLOSE_ON_EXEC) : status;
}

int64_t call_socketpair(const struct trap_frame *frame) {
    uint32_t type = (uint32_t)frame->rsi;
    struct file *ends[2];
    socket_calls_begin();
    enum status status = check_request((uint32_t)frame->rdi, type, (uint32_t)frame->rdx);
    if (status == STATUS_OK) {
        status = socket_open_pair(kind_of(type), type & FILE_NO_WAIT, ends);
    }
    return status == STATUS_OK ? install_two_files(ends, type & OPEN_CLOSE_ON_EXEC, frame->r10)
                               : status;
}

enum status socket_from_descriptor(uint64_t descriptor, struct file **file) {
    enum status status = open_file(descriptor, file);
    if (status == STATUS_OK && !file_is_socket(*file)) {
        file_unref(*file);
        return STATUS_NOT_A_SOCKET;
    }
    return status;
}

enum status name_from_user(struct socket_name *name, uint64_t address, uint32_t size_bytes) {
    char given[128]; /* struct sockaddr_storage */
    *name = (struct socket_name){.size_bytes = size_bytes};
    if (size_bytes > sizeof(given)) {
        return STATUS_INVALID;
    }
    enum status status = copy_argument(given, address, size_bytes);
    size_t taken = size_bytes < sizeof(name->bytes) ? size_bytes : sizeof(name->bytes);
    if (status == STATUS_OK) {
        memcpy(name->bytes, given, taken);
    }
    return status;
}

enum status name_to_user(const struct socket_name *name, uint64_t address, uint64_t size_address) {
    uint32_t room;
    enum status status = copy_argument(&room, size_address, sizeof(room));
    if (status != STATUS_OK) {
        return status;
    }
    if ((int32_t)room < 0) {
        return STATUS_INVALID;
    }
    status = copy_result(address, name->bytes, room < name->size_bytes ? room : name->size_bytes);
    return status == STATUS_OK
               ? copy_result(size_address, &name->size_bytes, sizeof(name->size_bytes))
               : status;
}

/* One of socket_bind, socket_connect. */
typedef enum status naming(struct file *file, const struct socket_name *name);

static int64_t name_socket(const struct trap_frame *frame, naming *use) {
    struct file *file;
    struct socket_name name;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = name_from_user(&name, frame->rsi, (uint32_t)frame->rdx);
    if (status == STATUS_OK) {
        status = use(file, &name);
    }
    file_unref(file);
    return status;
}

int64_t call_bind(const struct trap_frame *frame) {
    return name_socket(frame, socket_bind);
}

int64_t call_connect(const struct trap_frame *frame) {
    return name_socket(frame, socket_connect);
}

int64_t call_listen(const struct trap_frame *frame) {
    struct file *file;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status == STATUS_OK) {
        status = socket_listen(file, (uint32_t)frame->rsi);
        file_unref(file);
    }
    return status;
}

/* Takes the connection over, and tells who it is. */
static enum status accept_from(struct file *file, const struct trap_frame *frame, uint32_t flags,
                               struct file **accepted) {
    if (!file_is_socket(file)) {
        return STATUS_NOT_A_SOCKET;
    }
    enum status status = socket_accept(file, flags, accepted);
    if (status != STATUS_OK || frame->rsi == 0) {
        return status;
    }
    struct socket_name name;
    status = socket_peer_name(*accepted, &name);
    if (status == STATUS_OK) {
        status = name_to_user(&name, frame->rsi, frame->rdx);
    }
    if (status != STATUS_OK) {
        file_unref(*accepted);
    }
    return status;
}

/* With a number first, so that no connection is lost for want of one. */
static int64_t accept_at_number(struct file *file, const struct trap_frame *frame, uint32_t flags) {
    struct descriptor_table *table = task_current()->files;
    struct file *accepted;
    uint32_t number;
    enum status status =
        descriptor_reserve(table, 0, descriptor_limit(), flags & OPEN_CLOSE_ON_EXEC, &number);
    if (status != STATUS_OK) {
        return status;
    }
    status = accept_from(file, frame, flags, &accepted);
    if (status != STATUS_OK) {
        descriptor_cancel(table, number);
        return status;
    }
    descriptor_fill(table, number, accepted);
    return number;
}

static int64_t accept_with(const struct trap_frame *frame, uint32_t flags) {
    struct file *file;
    enum status status = open_file(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    bool is_known = !(flags & ~(FILE_NO_WAIT | OPEN_CLOSE_ON_EXEC));
    int64_t result = is_known ? accept_at_number(file, frame, flags) : STATUS_INVALID;
    file_unref(file);
    return result;
}

int64_t call_accept(const struct trap_frame *frame) {
    return accept_with(frame, 0);
}

int64_t call_accept4(const struct trap_frame *frame) {
    return accept_with(frame, (uint32_t)frame->r10);
}

int64_t call_shutdown(const struct trap_frame *frame) {
    enum { RECEIVING, SENDING, BOTH };
    uint32_t how = (uint32_t)frame->rsi;
    struct file *file;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    if (how <= BOTH) {
        socket_shut_down(file, (struct socket_directions){.receiving = how != SENDING,
                                                          .sending = how != RECEIVING});
    }
    file_unref(file);
    return how > BOTH ? STATUS_INVALID : STATUS_OK;
}

int64_t call_getsockname(const struct trap_frame *frame) {
    struct file *file;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    const struct socket_name name = socket_own_name(file);
    file_unref(file);
    return name_to_user(&name, frame->rsi, frame->rdx);
}

int64_t call_getpeername(const struct trap_frame *frame) {
    struct file *file;
    struct socket_name name;
    enum status status = socket_from_descriptor(frame->rdi, &file);
    if (status != STATUS_OK) {
        return status;
    }
    status = socket_peer_name(file, &name);
    file_unref(file);
    return status == STATUS_OK ? name_to_user(&name, frame->rsi, frame->rdx) : status;
}
