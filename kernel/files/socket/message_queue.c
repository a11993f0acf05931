#include "kernel/files/socket/state.h"
#include "lib/check.h"
#include "mm/heap/heap.h"

constexpr uint32_t READING_CHANGES = READY_TO_READ | READY_READ_NORMAL;
constexpr uint32_t WRITING_CHANGES = READY_TO_WRITE | READY_WRITE_NORMAL;

/* All guarded by socket_lock. */
static struct list_node discarded = {&discarded, &discarded};
static struct list_node with_files = {&with_files, &with_files}; /* messages in queues */
static bool is_freeing;

static void begin_flight(struct message *message) REQUIRES(socket_lock) {
    list_push_back(&with_files, &message->in_flight);
    for (uint32_t i = 0; i < message->files->count; i++) {
        if (file_is_socket(message->files->files[i])) {
            socket_take_off(socket_of(message->files->files[i]));
        }
    }
}

static void end_flight(struct message *message) REQUIRES(socket_lock) {
    list_remove(&message->in_flight);
    for (uint32_t i = 0; i < message->files->count; i++) {
        if (file_is_socket(message->files->files[i])) {
            socket_land(socket_of(message->files->files[i]));
        }
    }
}

void socket_queue(struct socket *to, struct message *message) {
    list_push_back(&to->messages, &message->link);
    to->message_count++;
    if (message->files != nullptr) {
        begin_flight(message);
    }
    wait_queue_wake_for(&to->changed, READING_CHANGES);
}

struct message *socket_first_message(const struct socket *socket) {
    return list_is_empty(&socket->messages)
               ? nullptr
               : LIST_ENTRY(socket->messages.next, struct message, link);
}

struct socket_files *socket_take_files(struct message *message) {
    struct socket_files *files = message->files;
    if (files != nullptr) {
        end_flight(message);
        message->files = nullptr;
    }
    return files;
}

/* Those who are connected to one that was full, and may send again. */
static void wake_senders(struct socket *receiver) REQUIRES(socket_lock) {
    wait_queue_wake(&receiver->changed);
    for (struct list_node *at = all_sockets.next; at != &all_sockets; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, all);
        if (socket->peer == receiver && receiver->peer != socket) {
            wait_queue_wake_for(&socket->changed, WRITING_CHANGES);
        }
    }
}

void socket_end_charge(struct socket *sender, size_t size_bytes) {
    size_t charge = message_charge(size_bytes);
    CHECK(sender->charged_bytes >= charge);
    sender->charged_bytes -= charge;
    if (socket_is_writable(sender)) {
        wait_queue_wake_for(&sender->changed, WRITING_CHANGES);
    }
}

void socket_unqueue(struct socket *from, struct message *message) {
    bool was_full = socket_is_full(from);
    list_remove(&message->link);
    from->message_count--;
    socket_end_charge(message->sender, message->size_bytes);
    if (was_full && !socket_has_connections(from)) {
        wake_senders(from);
    }
}

void socket_discard_messages(struct socket *socket) {
    struct message *message;
    while ((message = socket_first_message(socket)) != nullptr) {
        socket_unqueue(socket, message);
        if (message->files != nullptr) {
            end_flight(message);
        }
        list_push_back(&discarded, &message->link);
    }
}

/* Closing a file may discard more, which is left to whoever frees already: so no chain of sockets
 * needs a deep stack. */
void socket_free_discarded(void) {
    struct list_node *node;
    sleep_lock_acquire(&socket_lock);
    if (is_freeing) {
        sleep_lock_release(&socket_lock);
        return;
    }
    is_freeing = true;
    while ((node = list_pop_front(&discarded)) != nullptr) {
        struct message *message = LIST_ENTRY(node, struct message, link);
        sleep_lock_release(&socket_lock);
        socket_files_free(message->files);
        socket_unref(message->sender);
        message_free(message);
        sleep_lock_acquire(&socket_lock);
    }
    is_freeing = false;
    sleep_lock_release(&socket_lock);
}

uint64_t socket_files_in_flight(uint32_t user) {
    uint64_t count = 0;
    for (struct list_node *at = with_files.next; at != &with_files; at = at->next) {
        const struct message *message = LIST_ENTRY(at, struct message, in_flight);
        count += message->sending_user == user ? message->files->count : 0;
    }
    return count;
}

void socket_files_free(struct socket_files *files) {
    if (files == nullptr) {
        return;
    }
    for (uint32_t i = 0; i < files->count; i++) {
        file_unref(files->files[i]);
    }
    heap_free(files);
}
