#include "kernel/files/socket/state.h"

/* man 7 socket, "Socket options"; and what man 7 unix says of those that have no effect. */

constexpr uint32_t SEND_SIZE_LEAST = 4608;
constexpr uint32_t RECEIVE_SIZE_LEAST = 2304;
constexpr uint32_t BUFFER_SIZE_MOST = 4'194'304; /* /proc/sys/net/core/wmem_max, rmem_max */

static bool is_switch(enum socket_option option) {
    switch (option) {
    case OPTION_DEBUG:
    case OPTION_REUSE_ADDRESS:
    case OPTION_DO_NOT_ROUTE:
    case OPTION_BROADCAST:
    case OPTION_KEEP_ALIVE:
    case OPTION_URGENT_INLINE:
    case OPTION_NO_CHECK:
    case OPTION_REUSE_PORT:
    case OPTION_PASS_CREDENTIALS:
        return true;
    default:
        return false;
    }
}

static enum status find_number(struct socket *socket, enum socket_option option, int32_t *value)
    REQUIRES(socket_lock) {
    switch (option) {
    case OPTION_TYPE:
        *value = (int32_t)socket->kind;
        return STATUS_OK;
    case OPTION_ERROR:
        *value = -(int32_t)socket_take_error(socket);
        return STATUS_OK;
    case OPTION_SEND_SIZE:
        *value = (int32_t)socket->send_size;
        return STATUS_OK;
    case OPTION_RECEIVE_SIZE:
        *value = (int32_t)socket->receive_size;
        return STATUS_OK;
    case OPTION_PRIORITY:
        *value = (int32_t)socket->priority;
        return STATUS_OK;
    case OPTION_RECEIVE_LEAST:
        *value = (int32_t)socket->receive_least;
        return STATUS_OK;
    case OPTION_SEND_LEAST:
        *value = 1;
        return STATUS_OK;
    case OPTION_ACCEPTS:
        *value = socket->state == SOCKET_LISTENS;
        return STATUS_OK;
    case OPTION_PROTOCOL:
        *value = 0;
        return STATUS_OK;
    case OPTION_DOMAIN:
        *value = SOCKET_FAMILY_UNIX;
        return STATUS_OK;
    default:
        return STATUS_NO_SUCH_OPTION;
    }
}

enum status socket_option(struct file *file, enum socket_option option, int32_t *value) {
    struct socket *socket = socket_of(file);
    enum status status = STATUS_OK;
    sleep_lock_acquire(&socket_lock);
    if (is_switch(option)) {
        *value = socket_is_on(socket, option);
    } else {
        status = find_number(socket, option, value);
    }
    sleep_lock_release(&socket_lock);
    return status;
}

/* Twice what is asked for, since it is charged with its administration. */
static uint32_t buffer_size(int32_t value, uint32_t size_least, uint32_t size_most) {
    uint32_t asked = value < 0 || (uint32_t)value > size_most ? size_most : (uint32_t)value;
    uint32_t size = 2 * asked;
    return size < size_least ? size_least : size;
}

static void set_send_size(struct socket *socket, int32_t value, uint32_t most)
    REQUIRES(socket_lock) {
    socket->send_size = buffer_size(value, SEND_SIZE_LEAST, most);
    wait_queue_wake(&socket->changed);
}

static enum status set_number(struct socket *socket, enum socket_option option, int32_t value)
    REQUIRES(socket_lock) {
    switch (option) {
    case OPTION_SEND_SIZE:
        set_send_size(socket, value, BUFFER_SIZE_MOST);
        return STATUS_OK;
    case OPTION_SEND_SIZE_FORCE:
        set_send_size(socket, value < 0 ? 0 : value, INT32_MAX / 2);
        return STATUS_OK;
    case OPTION_RECEIVE_SIZE:
        socket->receive_size = buffer_size(value, RECEIVE_SIZE_LEAST, BUFFER_SIZE_MOST);
        return STATUS_OK;
    case OPTION_RECEIVE_SIZE_FORCE:
        socket->receive_size =
            buffer_size(value < 0 ? 0 : value, RECEIVE_SIZE_LEAST, INT32_MAX / 2);
        return STATUS_OK;
    case OPTION_PRIORITY:
        socket->priority = (uint32_t)value;
        return STATUS_OK;
    case OPTION_RECEIVE_LEAST:
        socket->receive_least = value < 0 ? INT32_MAX : value == 0 ? 1 : (uint32_t)value;
        return STATUS_OK;
    default:
        return STATUS_NO_SUCH_OPTION;
    }
}

static void set_switch(struct socket *socket, enum socket_option option, bool is_on)
    REQUIRES(socket_lock) {
    uint32_t bit = 1u << option;
    socket->switches = is_on ? socket->switches | bit : socket->switches & ~bit;
}

enum status socket_set_option(struct file *file, enum socket_option option, int32_t value) {
    struct socket *socket = socket_of(file);
    enum status status = STATUS_OK;
    if (option == OPTION_REUSE_PORT && value != 0) {
        return STATUS_NOT_SUPPORTED;
    }
    sleep_lock_acquire(&socket_lock);
    if (is_switch(option)) {
        set_switch(socket, option, value != 0);
    } else {
        status = set_number(socket, option, value);
    }
    sleep_lock_release(&socket_lock);
    return status;
}

struct socket_linger socket_linger(const struct file *file) {
    sleep_lock_acquire(&socket_lock);
    struct socket_linger linger = socket_of(file)->linger;
    sleep_lock_release(&socket_lock);
    return linger;
}

void socket_set_linger(struct file *file, struct socket_linger linger) {
    sleep_lock_acquire(&socket_lock);
    struct socket *socket = socket_of(file);
    socket->linger.is_on = linger.is_on != 0;
    socket->linger.seconds = linger.is_on != 0 ? linger.seconds : socket->linger.seconds;
    sleep_lock_release(&socket_lock);
}

uint64_t socket_timeout(const struct file *file, enum socket_option option) {
    const struct socket *socket = socket_of(file);
    sleep_lock_acquire(&socket_lock);
    uint64_t timeout =
        option == OPTION_RECEIVE_TIMEOUT ? socket->receive_timeout_ns : socket->send_timeout_ns;
    sleep_lock_release(&socket_lock);
    return timeout;
}

void socket_set_timeout(struct file *file, enum socket_option option, uint64_t timeout_ns) {
    struct socket *socket = socket_of(file);
    sleep_lock_acquire(&socket_lock);
    if (option == OPTION_RECEIVE_TIMEOUT) {
        socket->receive_timeout_ns = timeout_ns;
    } else {
        socket->send_timeout_ns = timeout_ns;
    }
    sleep_lock_release(&socket_lock);
}

struct socket_credentials socket_peer_credentials(const struct file *file) {
    sleep_lock_acquire(&socket_lock);
    struct socket_credentials credentials = socket_of(file)->peer_credentials;
    sleep_lock_release(&socket_lock);
    return credentials;
}

bool socket_passes_credentials(const struct file *file) {
    sleep_lock_acquire(&socket_lock);
    bool passes = socket_is_on(socket_of(file), OPTION_PASS_CREDENTIALS);
    sleep_lock_release(&socket_lock);
    return passes;
}

static size_t unread_bytes(const struct socket *socket) REQUIRES(socket_lock) {
    size_t size_bytes = 0;
    for (struct list_node *at = socket->messages.next; at != &socket->messages; at = at->next) {
        const struct message *message = LIST_ENTRY(at, struct message, link);
        size_bytes += message->size_bytes - message->taken_bytes;
        if (socket->kind == SOCKET_DATAGRAM) {
            break;
        }
    }
    return size_bytes;
}

enum status socket_pending(const struct file *file, size_t *size_bytes) {
    const struct socket *socket = socket_of(file);
    sleep_lock_acquire(&socket_lock);
    bool listens = socket->state == SOCKET_LISTENS;
    *size_bytes = unread_bytes(socket);
    sleep_lock_release(&socket_lock);
    return listens ? STATUS_INVALID : STATUS_OK;
}

size_t socket_unreceived(const struct file *file) {
    sleep_lock_acquire(&socket_lock);
    size_t charged = socket_of(file)->charged_bytes;
    sleep_lock_release(&socket_lock);
    return charged;
}
