#include "kernel/files/socket/state.h"
#include "lib/check.h"
#include "lib/least.h"
#include "mm/heap/heap.h"

/* man 2 recvmsg. Who takes messages holds `receiving`, but not while it waits. */

static const struct socket_credentials UNKNOWN = {0, 65534, 65534};

static struct socket_credentials credentials_of(const struct message *message) {
    return message->has_credentials ? message->credentials : UNKNOWN;
}

static bool is_same(const struct socket_credentials *a, const struct socket_credentials *b) {
    return a->process == b->process && a->user == b->user && a->group == b->group;
}

/* Other references to the files of a message that stays where it is. They are taken under the lock,
 * since the collector finds out meanwhile who has the files. */
static enum status copy_files(const struct message *message, struct socket_files **copy) {
    struct socket_files *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    sleep_lock_acquire(&socket_lock);
    made->count = message->files->count;
    for (uint32_t i = 0; i < made->count; i++) {
        made->files[i] = message->files->files[i];
        file_ref(made->files[i]);
    }
    sleep_lock_release(&socket_lock);
    *copy = made;
    return STATUS_OK;
}

/* The files of a message at hand, which nobody else takes. */
static enum status receive_files(struct message *message,
                                 struct socket_receiving *receiving) NO_CAPABILITY_CHECK {
    if (message->files == nullptr) {
        return STATUS_OK;
    }
    if (receiving->peeks) {
        return copy_files(message, &receiving->files);
    }
    sleep_lock_acquire(&socket_lock);
    receiving->files = socket_take_files(message);
    sleep_lock_release(&socket_lock);
    return STATUS_OK;
}

/* Ends the message's stay in the queue, and the message, whose files have been received: closing
 * one may take locks that come before `receiving`. */
static void consume(struct socket *socket, struct message *message) {
    CHECK(message->files == nullptr);
    sleep_lock_acquire(&socket_lock);
    socket_unqueue(socket, message);
    sleep_lock_release(&socket_lock);
    socket_unref(message->sender);
    message_free(message);
}

/* What one reading of a stream has come to. */
struct stream_reading {
    struct socket_receiving *receiving;
    struct socket_wait wait;
    size_t target_bytes;     /* it does not wait once it has so many */
    size_t done_bytes;       /* whole parts; a part that meets missing memory does not count */
    struct message *last;    /* that was looked at, and stays */
    bool has_begun;          /* a message has said who sends */
    bool checks_credentials; /* those of one sender are not joined with another's */
};

static struct message *next_message(const struct socket *socket,
                                    const struct stream_reading *reading) REQUIRES(socket_lock) {
    if (reading->last == nullptr) {
        return socket_first_message(socket);
    }
    struct list_node *next = reading->last->link.next;
    return next == &socket->messages ? nullptr : LIST_ENTRY(next, struct message, link);
}

/* Gives up both locks while it waits. STATUS_BUSY: it has waited, and looks again. */
static enum status wait_unlocked(struct socket *socket, struct socket_wait *wait)
    REQUIRES(socket->receiving) REQUIRES(socket_lock) {
    sleep_lock_release(&socket->receiving);
    enum status status = socket_wait_more(wait);
    sleep_lock_release(&socket_lock);
    sleep_lock_acquire(&socket->receiving);
    sleep_lock_acquire(&socket_lock);
    return status == STATUS_OK ? STATUS_BUSY : status;
}

/* STATUS_BUSY: it has waited, and looks again. STATUS_OK with no message: that was all. */
static enum status wait_for_bytes(struct socket *socket, struct stream_reading *reading)
    REQUIRES(socket->receiving) REQUIRES(socket_lock) {
    if (reading->done_bytes >= reading->target_bytes || reading->last != nullptr) {
        return STATUS_OK;
    }
    enum status status = socket_take_error(socket);
    if (status != STATUS_OK || socket->has_ended_receiving) {
        return status;
    }
    if (reading->wait.left_ns == 0) {
        return STATUS_TRY_AGAIN;
    }
    return wait_unlocked(socket, &reading->wait);
}

static enum status find_message(struct socket *socket, struct stream_reading *reading,
                                struct message **message) REQUIRES(socket->receiving) {
    enum status status;
    sleep_lock_acquire(&socket_lock);
    do {
        *message = next_message(socket, reading);
        status = *message != nullptr ? STATUS_OK : wait_for_bytes(socket, reading);
    } while (status == STATUS_BUSY);
    sleep_lock_release(&socket_lock);
    return status;
}

/* Whether the message may be joined with what came before. */
static bool begin_message(const struct socket *socket, struct stream_reading *reading,
                          const struct message *message) {
    struct socket_receiving *receiving = reading->receiving;
    const struct socket_credentials credentials = credentials_of(message);
    if (reading->has_begun) {
        return !reading->checks_credentials || is_same(&credentials, &receiving->credentials);
    }
    sleep_lock_acquire(&socket_lock);
    receiving->sender = message->sender->name;
    reading->checks_credentials = socket_is_on(socket, OPTION_PASS_CREDENTIALS);
    sleep_lock_release(&socket_lock);
    receiving->credentials = credentials;
    reading->has_begun = true;
    return true;
}

/* Moves what is wanted of a message; false: the reading is over. */
static bool read_message(struct socket *socket, struct stream_reading *reading,
                         struct message *message, enum status *status) {
    struct socket_receiving *receiving = reading->receiving;
    struct transfer *transfer = receiving->transfer;
    size_t count = least(transfer->left_bytes, message->size_bytes - message->taken_bytes);
    if (message_move(message, message->taken_bytes, count, transfer) < count) {
        *status = STATUS_FAULT;
        return false;
    }
    bool has_files = message->files != nullptr;
    *status = receive_files(message, receiving);
    if (*status != STATUS_OK) {
        return false;
    }
    reading->done_bytes += count;
    if (receiving->peeks) {
        reading->last = message;
        return !has_files;
    }
    message->taken_bytes += count;
    if (message->taken_bytes < message->size_bytes) {
        return false;
    }
    consume(socket, message);
    return !has_files;
}

static enum status read_stream(struct socket *socket, struct stream_reading *reading)
    REQUIRES(socket->receiving) {
    struct message *message;
    enum status status;
    bool goes_on;
    do {
        status = find_message(socket, reading, &message);
        goes_on = status == STATUS_OK && message != nullptr &&
                  begin_message(socket, reading, message) &&
                  read_message(socket, reading, message, &status);
    } while (goes_on && reading->receiving->transfer->left_bytes > 0);
    return status;
}

static size_t target_of(const struct socket *socket, const struct socket_receiving *receiving)
    REQUIRES(socket_lock) {
    size_t wanted = receiving->transfer->left_bytes;
    size_t target = receiving->wants_all ? wanted : least(wanted, socket->receive_least);
    return target > 0 ? target : 1;
}

static enum status receive_stream(struct socket *socket, struct socket_receiving *receiving) {
    struct stream_reading reading = {.receiving = receiving};
    sleep_lock_acquire(&socket_lock);
    bool is_connected = socket->state == SOCKET_CONNECTED;
    uint64_t timeout = receiving->may_wait ? socket->receive_timeout_ns : 0;
    reading.target_bytes = target_of(socket, receiving);
    sleep_lock_release(&socket_lock);
    if (!is_connected) {
        return STATUS_INVALID;
    }
    socket_wait_begin(&reading.wait, socket, timeout);
    sleep_lock_acquire(&socket->receiving);
    enum status status = read_stream(socket, &reading);
    sleep_lock_release(&socket->receiving);
    socket_wait_end(&reading.wait);
    receiving->transfer->done_bytes = reading.done_bytes;
    return reading.done_bytes > 0 ? STATUS_OK : status;
}

/* Nothing is there: why. STATUS_BUSY: it has waited. STATUS_OK: nothing will come. */
static enum status wait_for_packet(struct socket *socket, struct socket_wait *wait)
    REQUIRES(socket->receiving) REQUIRES(socket_lock) {
    bool is_sequenced = socket_has_connections(socket);
    if (wait->left_ns == 0) {
        return is_sequenced && socket->has_ended_receiving ? STATUS_OK : STATUS_TRY_AGAIN;
    }
    if (socket->has_ended_receiving) {
        return STATUS_OK;
    }
    return wait_unlocked(socket, wait);
}

static enum status find_packet(struct socket *socket, struct socket_wait *wait,
                               struct message **message) REQUIRES(socket->receiving) {
    enum status status;
    sleep_lock_acquire(&socket_lock);
    do {
        *message = nullptr;
        status = socket_take_error(socket);
        if (status != STATUS_OK) {
            break;
        }
        *message = socket_first_message(socket);
        status = *message != nullptr ? STATUS_OK : wait_for_packet(socket, wait);
    } while (status == STATUS_BUSY);
    sleep_lock_release(&socket_lock);
    return status;
}

static enum status read_packet(struct message *message, struct socket_receiving *receiving) {
    struct transfer *transfer = receiving->transfer;
    size_t count = least(transfer->left_bytes, message->size_bytes);
    receiving->packet_bytes = message->size_bytes;
    receiving->is_cut = count < message->size_bytes;
    receiving->credentials = credentials_of(message);
    sleep_lock_acquire(&socket_lock);
    receiving->sender = message->sender->name;
    sleep_lock_release(&socket_lock);
    size_t moved = message_move(message, 0, count, transfer);
    enum status status = receive_files(message, receiving);
    return moved < count ? STATUS_FAULT : status;
}

static enum status take_packet(struct socket *socket, struct socket_wait *wait,
                               struct socket_receiving *receiving) REQUIRES(socket->receiving) {
    struct message *message;
    enum status status = find_packet(socket, wait, &message);
    if (status != STATUS_OK || message == nullptr) {
        return status;
    }
    status = read_packet(message, receiving);
    if (!receiving->peeks) {
        consume(socket, message);
    }
    return status;
}

static enum status receive_packet(struct socket *socket, struct socket_receiving *receiving) {
    struct socket_wait wait;
    sleep_lock_acquire(&socket_lock);
    bool is_connected = socket->state == SOCKET_CONNECTED;
    uint64_t timeout = receiving->may_wait ? socket->receive_timeout_ns : 0;
    sleep_lock_release(&socket_lock);
    if (socket_has_connections(socket) && !is_connected) {
        return STATUS_NOT_CONNECTED;
    }
    socket_wait_begin(&wait, socket, timeout);
    sleep_lock_acquire(&socket->receiving);
    enum status status = take_packet(socket, &wait, receiving);
    sleep_lock_release(&socket->receiving);
    socket_wait_end(&wait);
    return status;
}

enum status socket_receive(struct file *file, struct socket_receiving *receiving) {
    struct socket *socket = socket_of(file);
    return socket->kind == SOCKET_STREAM ? receive_stream(socket, receiving)
                                         : receive_packet(socket, receiving);
}
