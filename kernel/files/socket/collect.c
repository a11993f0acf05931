#include "kernel/files/socket/state.h"

/*
 * Sockets that are in messages to each other alone: no process can receive them any more. What is
 * not reached from a socket that somebody has open loses its messages, and with them goes the rest.
 */

/* Somebody has it, or a call is using it; one that is being closed, too, ends by itself. */
static bool is_in_use(const struct socket *socket) REQUIRES(socket_lock) {
    if (socket->file == nullptr) {
        return socket->listener == nullptr;
    }
    uint32_t references = __atomic_load_n(&socket->file->reference_count, __ATOMIC_ACQUIRE);
    return socket->in_flight_count == 0 || references > socket->in_flight_count;
}

static void reach(struct socket *socket, struct list_node *to_visit) REQUIRES(socket_lock) {
    if (!socket->is_reached) {
        socket->is_reached = true;
        list_push_back(to_visit, &socket->to_visit);
    }
}

static void reach_files(const struct message *message, struct list_node *to_visit)
    REQUIRES(socket_lock) {
    for (uint32_t i = 0; message->files != nullptr && i < message->files->count; i++) {
        const struct file *file = message->files->files[i];
        if (file_is_socket(file)) {
            reach(socket_of(file), to_visit);
        }
    }
}

static void visit(struct socket *socket, struct list_node *to_visit) REQUIRES(socket_lock) {
    for (struct list_node *at = socket->messages.next; at != &socket->messages; at = at->next) {
        reach_files(LIST_ENTRY(at, struct message, link), to_visit);
    }
    for (struct list_node *at = socket->pending.next; at != &socket->pending; at = at->next) {
        reach(LIST_ENTRY(at, struct socket, of_listener), to_visit);
    }
}

static void reach_all(void) REQUIRES(socket_lock) {
    struct list_node to_visit, *node;
    list_init(&to_visit);
    for (struct list_node *at = all_sockets.next; at != &all_sockets; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, all);
        socket->is_reached = false;
        if (is_in_use(socket)) {
            reach(socket, &to_visit);
        }
    }
    while ((node = list_pop_front(&to_visit)) != nullptr) {
        visit(LIST_ENTRY(node, struct socket, to_visit), &to_visit);
    }
}

void socket_collect(void) {
    if (__atomic_load_n(&sockets_in_flight, __ATOMIC_ACQUIRE) == 0) {
        return;
    }
    sleep_lock_acquire(&socket_lock);
    reach_all();
    for (struct list_node *at = all_sockets.next; at != &all_sockets; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, all);
        if (!socket->is_reached) {
            socket_discard_messages(socket);
        }
    }
    sleep_lock_release(&socket_lock);
    socket_free_discarded();
}
