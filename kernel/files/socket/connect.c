#include "kernel/files/socket/state.h"
#include "lib/memory.h"

/* man 2 listen, connect, accept. */

static enum status begin_listening(struct socket *socket, uint32_t backlog,
                                   const struct socket_credentials *credentials)
    REQUIRES(socket_lock) {
    if (socket->name.size_bytes == 0 ||
        (socket->state != SOCKET_CLOSED && socket->state != SOCKET_LISTENS)) {
        return STATUS_INVALID;
    }
    socket->backlog = backlog;
    socket->state = SOCKET_LISTENS;
    socket->own_credentials = *credentials;
    wait_queue_wake(&socket->changed);
    return STATUS_OK;
}

enum status socket_listen(struct file *file, uint32_t backlog) {
    constexpr uint32_t backlog_max = 4096; /* /proc/sys/net/core/somaxconn */
    struct socket *socket = socket_of(file);
    if (!socket_has_connections(socket)) {
        return STATUS_NOT_SUPPORTED;
    }
    const struct socket_credentials credentials = socket_caller().effective;
    sleep_lock_acquire(&socket_lock);
    enum status status =
        begin_listening(socket, backlog < backlog_max ? backlog : backlog_max, &credentials);
    sleep_lock_release(&socket_lock);
    return status;
}

static enum status check_connectable(const struct socket *socket, const struct socket *listener)
    REQUIRES(socket_lock) {
    if (listener->state != SOCKET_LISTENS || listener->has_ended_receiving) {
        return STATUS_REFUSED;
    }
    if (listener->pending_count > listener->backlog) {
        return STATUS_BUSY; /* it waits for its turn */
    }
    if (socket->state == SOCKET_CONNECTED) {
        return STATUS_IS_CONNECTED;
    }
    return socket->state == SOCKET_CLOSED ? STATUS_OK : STATUS_INVALID;
}

/* `other` is what accept returns. */
static void join_pending(struct socket *socket, struct socket *listener, struct socket *other,
                         const struct socket_credentials *credentials) REQUIRES(socket_lock) {
    socket_ref(socket);
    socket_ref(other);
    socket->peer = other;
    other->peer = socket;
    socket->state = SOCKET_CONNECTED;
    other->state = SOCKET_CONNECTED;
    socket->peer_credentials = listener->own_credentials;
    socket->own_credentials = *credentials;
    other->peer_credentials = *credentials;
    other->own_credentials = listener->own_credentials;
    other->name = listener->name;
    other->switches = listener->switches & 1u << OPTION_PASS_CREDENTIALS;
    other->listener = listener;
    socket_ref(other); /* the listener's */
    list_push_back(&listener->pending, &other->of_listener);
    listener->pending_count++;
    wait_queue_wake_for(&listener->changed, READY_TO_READ | READY_READ_NORMAL);
}

/* Waits for room in the listener's queue. */
static enum status connect_to(struct socket *socket, struct socket *listener, struct socket *other,
                              uint64_t timeout_ns) {
    const struct socket_credentials credentials = socket_caller().effective;
    struct socket_wait wait;
    socket_wait_begin(&wait, listener, timeout_ns);
    sleep_lock_acquire(&socket_lock);
    enum status status = check_connectable(socket, listener);
    while (status == STATUS_BUSY) {
        status = socket_wait_more(&wait);
        if (status == STATUS_OK) {
            status = check_connectable(socket, listener);
        }
    }
    if (status == STATUS_OK) {
        join_pending(socket, listener, other, &credentials);
    }
    sleep_lock_release(&socket_lock);
    socket_wait_end(&wait);
    return status;
}

static enum status connect_stream(struct file *file, const struct socket_name *name) {
    struct socket *socket = socket_of(file);
    struct socket *other, *listener;
    enum status status = socket_check_name(name);
    if (status == STATUS_OK) {
        status = socket_name_if_needed(socket);
    }
    if (status == STATUS_OK) {
        status = socket_create(socket->kind, &other);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = socket_find(name, socket->kind, &listener);
    if (status == STATUS_OK) {
        uint64_t timeout = file_may_wait(file) ? socket_timeout(file, OPTION_SEND_TIMEOUT) : 0;
        status = connect_to(socket, listener, other, timeout);
        socket_unref(listener);
    }
    if (status != STATUS_OK) {
        socket_close(other);
    }
    socket_unref(other);
    return status;
}

/* A datagram's peer that was connected to it is told where something is lost. */
static void leave_peer(struct socket *socket, struct socket *peer) REQUIRES(socket_lock) {
    if (socket->message_count > 0 && !peer->is_gone && peer->peer == socket) {
        peer->error = STATUS_CONNECTION_RESET;
        wait_queue_wake(&peer->changed);
    }
    peer->state = SOCKET_CLOSED;
    socket_discard_messages(socket);
}

void socket_change_peer(struct socket *socket, struct socket *peer) {
    sleep_lock_acquire(&socket->receiving);
    sleep_lock_acquire(&socket_lock);
    struct socket *before = socket->peer;
    socket->peer = peer;
    socket->state = peer == nullptr ? SOCKET_CLOSED : SOCKET_CONNECTED;
    if (peer != nullptr) {
        peer->state = SOCKET_CONNECTED;
    }
    if (before != nullptr && before != peer) {
        leave_peer(socket, before);
    }
    wait_queue_wake(&socket->changed);
    sleep_lock_release(&socket_lock);
    sleep_lock_release(&socket->receiving);
    socket_unref(before);
    socket_free_discarded();
}

static bool may_connect(const struct socket *socket, const struct socket *other) {
    sleep_lock_acquire(&socket_lock);
    bool may = other->peer == nullptr || other->peer == socket;
    sleep_lock_release(&socket_lock);
    return may;
}

static enum status connect_datagrams(struct socket *socket, const struct socket_name *name) {
    uint16_t family;
    if (name->size_bytes < sizeof(family)) {
        return STATUS_INVALID;
    }
    memcpy(&family, name->bytes, sizeof(family));
    if (family == 0) { /* AF_UNSPEC */
        socket_change_peer(socket, nullptr);
        return STATUS_OK;
    }
    struct socket *other;
    enum status status = socket_check_name(name);
    if (status == STATUS_OK) {
        status = socket_name_if_needed(socket);
    }
    if (status == STATUS_OK) {
        status = socket_find(name, socket->kind, &other);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (!may_connect(socket, other)) {
        socket_unref(other);
        return STATUS_NOT_PERMITTED;
    }
    socket_change_peer(socket, other);
    return STATUS_OK;
}

enum status socket_connect(struct file *file, const struct socket_name *name) {
    struct socket *socket = socket_of(file);
    return socket_has_connections(socket) ? connect_stream(file, name)
                                          : connect_datagrams(socket, name);
}

/* The first that waits to be accepted, with the listener's reference. */
static enum status take_first(struct socket *listener, struct socket_wait *wait,
                              struct socket **taken) REQUIRES(socket_lock) {
    if (listener->state != SOCKET_LISTENS) {
        return STATUS_INVALID;
    }
    enum status status = STATUS_OK;
    while (status == STATUS_OK && listener->pending_count == 0) {
        status = listener->has_ended_receiving ? STATUS_INVALID : socket_wait_more(wait);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *taken = LIST_ENTRY(list_pop_front(&listener->pending), struct socket, of_listener);
    (*taken)->listener = nullptr;
    listener->pending_count--;
    wait_queue_wake_for(&listener->changed, READY_TO_WRITE);
    return STATUS_OK;
}

static enum status accept_into(struct socket *listener, struct file *file, uint64_t timeout_ns) {
    struct socket_wait wait;
    struct socket *taken;
    socket_wait_begin(&wait, listener, timeout_ns);
    sleep_lock_acquire(&socket_lock);
    enum status status = take_first(listener, &wait, &taken);
    if (status == STATUS_OK) {
        taken->place = listener->place; /* its name is the same, and is found by nobody */
        location_ref(&taken->place);
        socket_file_fill(file, taken);
    }
    sleep_lock_release(&socket_lock);
    socket_wait_end(&wait);
    return status;
}

enum status socket_accept(struct file *file, uint32_t flags, struct file **accepted) {
    struct socket *listener = socket_of(file);
    if (!socket_has_connections(listener)) {
        return STATUS_NOT_SUPPORTED;
    }
    struct file *made;
    enum status status = socket_file_create(flags, &made);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t timeout = file_may_wait(file) ? socket_timeout(file, OPTION_RECEIVE_TIMEOUT) : 0;
    status = accept_into(listener, made, timeout);
    if (status != STATUS_OK) {
        file_unref(made);
        return status;
    }
    *accepted = made;
    return STATUS_OK;
}
