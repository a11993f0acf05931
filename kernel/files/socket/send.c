#include "kernel/files/socket/state.h"
#include "lib/least.h"

/* man 2 sendmsg. */

constexpr uint32_t SEND_SIZE_RESERVE = 32; /* of what SO_SNDBUF says, as on Linux */
constexpr size_t STREAM_MESSAGE_MAX = 32'768;

static uint64_t timeout_of(const struct socket *socket, const struct socket_sending *sending) {
    sleep_lock_acquire(&socket_lock);
    uint64_t timeout = sending->may_wait ? socket->send_timeout_ns : 0;
    sleep_lock_release(&socket_lock);
    return timeout;
}

/* Charges the sender, once what it has sent leaves room. */
static enum status wait_for_room(struct socket *socket, struct socket_wait *wait, size_t charge)
    REQUIRES(socket_lock) {
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        status = socket_take_error(socket);
        if (status == STATUS_OK && socket->has_ended_sending) {
            status = STATUS_BROKEN_PIPE;
        }
        if (status != STATUS_OK) {
            return status;
        }
        if (socket->charged_bytes < socket->send_size) {
            socket->charged_bytes += charge;
            return STATUS_OK;
        }
        status = socket_wait_more(wait);
    }
    return status;
}

/* A message of size_bytes that the sender is charged for. */
static enum status charged_message(struct socket *socket, uint64_t timeout_ns, size_t size_bytes,
                                   struct message **message) {
    struct socket_wait wait;
    socket_wait_begin(&wait, socket, timeout_ns);
    sleep_lock_acquire(&socket_lock);
    enum status status = wait_for_room(socket, &wait, message_charge(size_bytes));
    sleep_lock_release(&socket_lock);
    socket_wait_end(&wait);
    if (status != STATUS_OK) {
        return status;
    }
    struct message *made = message_create(size_bytes);
    if (made == nullptr) {
        sleep_lock_acquire(&socket_lock);
        socket_end_charge(socket, size_bytes);
        sleep_lock_release(&socket_lock);
        return STATUS_NO_MEMORY;
    }
    made->sender = socket;
    socket_ref(socket);
    *message = made;
    return STATUS_OK;
}

/* Gives one back that was not sent, but not its files. */
static void give_back(struct message *message) {
    sleep_lock_acquire(&socket_lock);
    socket_end_charge(message->sender, message->size_bytes);
    sleep_lock_release(&socket_lock);
    socket_unref(message->sender);
    message_free(message);
}

static void add_credentials(struct message *message, const struct socket *to,
                            const struct socket_sending *sending,
                            const struct socket_caller *caller) REQUIRES(socket_lock) {
    bool is_asked_for = socket_is_on(message->sender, OPTION_PASS_CREDENTIALS) ||
                        socket_is_on(to, OPTION_PASS_CREDENTIALS) || to->file == nullptr;
    message->has_credentials = sending->has_credentials || is_asked_for;
    message->credentials = sending->has_credentials ? sending->credentials : caller->real;
    message->sending_user = caller->real.user;
}

/* The files go with the first message of a stream. */
static enum status attach_files(struct message *message, struct socket_sending *sending,
                                const struct socket_caller *caller) REQUIRES(socket_lock) {
    if (sending->files == nullptr) {
        return STATUS_OK;
    }
    if (socket_files_in_flight(caller->real.user) > caller->files_in_flight_max) {
        return STATUS_TOO_MANY_IN_FLIGHT;
    }
    message->files = sending->files;
    sending->files = nullptr;
    return STATUS_OK;
}

/* With what goes along with its bytes, which is the receiver's from here on. */
static enum status hand_over(struct message *message, struct socket *to,
                             struct socket_sending *sending, const struct socket_caller *caller)
    REQUIRES(socket_lock) {
    enum status status = attach_files(message, sending, caller);
    if (status == STATUS_OK) {
        add_credentials(message, to, sending, caller);
        socket_queue(to, message);
    }
    return status;
}

static enum status put_into_stream(struct message *message, struct socket_sending *sending,
                                   const struct socket_caller *caller) REQUIRES(socket_lock) {
    struct socket *peer = message->sender->peer;
    if (peer == nullptr || peer->is_gone || peer->has_ended_receiving) {
        return STATUS_BROKEN_PIPE;
    }
    return hand_over(message, peer, sending, caller);
}

/* What a full stream refuses is no signal's matter; an end is. */
static enum status send_part(struct socket *socket, struct socket_sending *sending,
                             uint64_t timeout_ns, size_t size_bytes) {
    struct message *message;
    enum status status = charged_message(socket, timeout_ns, size_bytes, &message);
    if (status != STATUS_OK) {
        sending->transfer->breaks_silently = status == STATUS_BROKEN_PIPE;
        return status;
    }
    size_t before = sending->transfer->done_bytes;
    const struct socket_caller caller = socket_caller();
    status = message_fill(message, sending->transfer);
    if (status == STATUS_OK) {
        sleep_lock_acquire(&socket_lock);
        status = put_into_stream(message, sending, &caller);
        sleep_lock_release(&socket_lock);
    }
    if (status != STATUS_OK) {
        give_back(message);
        sending->transfer->done_bytes = before;
    }
    return status;
}

static enum status check_stream(const struct socket *socket, const struct socket_sending *sending)
    REQUIRES(socket_lock) {
    if (sending->to != nullptr) {
        return socket->state == SOCKET_CONNECTED ? STATUS_IS_CONNECTED : STATUS_NOT_SUPPORTED;
    }
    if (socket->peer == nullptr) {
        return STATUS_NOT_CONNECTED;
    }
    return socket->has_ended_sending ? STATUS_BROKEN_PIPE : STATUS_OK;
}

static enum status send_stream(struct socket *socket, struct socket_sending *sending) {
    struct transfer *transfer = sending->transfer;
    uint64_t timeout = timeout_of(socket, sending);
    sleep_lock_acquire(&socket_lock);
    enum status status = check_stream(socket, sending);
    size_t part_max = least(STREAM_MESSAGE_MAX, socket->send_size / 2 - 64);
    sleep_lock_release(&socket_lock);
    while (status == STATUS_OK && transfer->left_bytes > 0) {
        status = send_part(socket, sending, timeout, least(transfer->left_bytes, part_max));
    }
    return transfer->done_bytes > 0 ? STATUS_OK : status;
}

/* Whom a packet goes to, with a reference. */
static enum status find_receiver(struct socket *socket, const struct socket_sending *sending,
                                 struct socket **receiver) {
    if (sending->to != nullptr) {
        return socket_find(sending->to, socket->kind, receiver);
    }
    sleep_lock_acquire(&socket_lock);
    *receiver = socket->peer;
    if (*receiver != nullptr) {
        socket_ref(*receiver);
    }
    sleep_lock_release(&socket_lock);
    return *receiver == nullptr ? STATUS_CONNECTION_RESET : STATUS_OK;
}

/* STATUS_BUSY: the receiver is full. */
static enum status put_packet(struct message *message, struct socket *to,
                              struct socket_sending *sending, const struct socket_caller *caller)
    REQUIRES(socket_lock) {
    struct socket *from = message->sender;
    if (to->peer != nullptr && to->peer != from) {
        return STATUS_NOT_PERMITTED;
    }
    if (to->is_gone) {
        return STATUS_REFUSED;
    }
    if (to->has_ended_receiving) {
        return STATUS_BROKEN_PIPE;
    }
    if (to != from && to->peer != from && socket_is_full(to)) {
        return STATUS_BUSY;
    }
    return hand_over(message, to, sending, caller);
}

static enum status put_when_there_is_room(struct message *message, struct socket *to,
                                          struct socket_sending *sending, uint64_t timeout_ns) {
    const struct socket_caller caller = socket_caller();
    struct socket_wait wait;
    socket_wait_begin(&wait, to, timeout_ns);
    sleep_lock_acquire(&socket_lock);
    enum status status = put_packet(message, to, sending, &caller);
    while (status == STATUS_BUSY) {
        status = socket_wait_more(&wait);
        if (status == STATUS_OK) {
            status = put_packet(message, to, sending, &caller);
        }
    }
    sleep_lock_release(&socket_lock);
    socket_wait_end(&wait);
    return status;
}

/* A peer that is gone is none from then on. */
static void forget_peer(struct socket *socket, const struct socket *gone) {
    sleep_lock_acquire(&socket_lock);
    bool is_peer = socket->peer == gone && gone->is_gone;
    sleep_lock_release(&socket_lock);
    if (is_peer && !socket_has_connections(socket)) {
        socket_change_peer(socket, nullptr);
    }
}

static enum status deliver(struct message *message, struct socket_sending *sending,
                           uint64_t timeout_ns) {
    struct socket *socket = message->sender;
    struct socket *receiver;
    enum status status = find_receiver(socket, sending, &receiver);
    if (status != STATUS_OK) {
        return status;
    }
    status = put_when_there_is_room(message, receiver, sending, timeout_ns);
    if (status == STATUS_REFUSED) {
        forget_peer(socket, receiver);
    }
    socket_unref(receiver);
    return status;
}

static enum status check_packet(struct socket *socket, const struct socket_sending *sending,
                                size_t size_bytes) {
    sleep_lock_acquire(&socket_lock);
    bool has_receiver = sending->to != nullptr || socket->peer != nullptr;
    size_t limit = socket->send_size - SEND_SIZE_RESERVE;
    sleep_lock_release(&socket_lock);
    if (!has_receiver) {
        return STATUS_NOT_CONNECTED;
    }
    enum status status = socket_name_if_needed(socket);
    if (status != STATUS_OK) {
        return status;
    }
    return size_bytes > limit ? STATUS_MESSAGE_TOO_LONG : STATUS_OK;
}

static enum status send_packet(struct socket *socket, struct socket_sending *sending) {
    struct transfer *transfer = sending->transfer;
    size_t size_bytes = transfer->left_bytes;
    uint64_t timeout = timeout_of(socket, sending);
    struct message *message;
    enum status status = sending->to != nullptr ? socket_check_name(sending->to) : STATUS_OK;
    transfer->breaks_silently = true;
    if (status == STATUS_OK) {
        status = check_packet(socket, sending, size_bytes);
    }
    if (status == STATUS_OK) {
        status = charged_message(socket, timeout, size_bytes, &message);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = message_fill(message, transfer);
    if (status == STATUS_OK) {
        status = deliver(message, sending, timeout);
    }
    if (status != STATUS_OK) {
        give_back(message);
        transfer->done_bytes = 0;
    }
    return status;
}

/* An error that waits to be told comes before all, and an address is not looked at. */
static enum status send_sequenced(struct socket *socket, struct socket_sending *sending) {
    sleep_lock_acquire(&socket_lock);
    enum status status = socket_take_error(socket);
    if (status == STATUS_OK && socket->state != SOCKET_CONNECTED) {
        status = STATUS_NOT_CONNECTED;
    }
    sleep_lock_release(&socket_lock);
    sending->to = nullptr;
    return status == STATUS_OK ? send_packet(socket, sending) : status;
}

static enum status send_by_kind(struct socket *socket, struct socket_sending *sending) {
    switch (socket->kind) {
    case SOCKET_STREAM:
        return send_stream(socket, sending);
    case SOCKET_DATAGRAM:
        return send_packet(socket, sending);
    case SOCKET_SEQUENCED:
        return send_sequenced(socket, sending);
    }
    return STATUS_INVALID;
}

enum status socket_send(struct file *file, struct socket_sending *sending) {
    enum status status = send_by_kind(socket_of(file), sending);
    socket_files_free(sending->files);
    sending->files = nullptr;
    socket_collect();
    return status;
}
