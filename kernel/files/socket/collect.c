#include "kernel/files/socket/state.h"

/*
 * Sockets that are in messages to each other alone: no process can receive them any more. Only
 * those in flight, of which nobody has another reference, can be so; what none but they themselves
 * lead to loses its messages, and with them goes the rest.
 */

/* All guarded by socket_lock, but for the last two, which are atomic. */
static struct list_node flying = {&flying, &flying};
static uint32_t flight_count; /* how often one has been put into a message */
static uint32_t is_suspect;   /* nobody but messages may have one of them */

static uint32_t references_of(const struct socket *socket) {
    return __atomic_load_n(&socket->file->reference_count, __ATOMIC_SEQ_CST);
}

void socket_take_off(struct socket *socket) {
    if (__atomic_load_n(&socket->in_flight_count, __ATOMIC_RELAXED) == 0) {
        list_push_back(&flying, &socket->of_flying);
    }
    uint32_t count = __atomic_add_fetch(&socket->in_flight_count, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&flight_count, 1, __ATOMIC_SEQ_CST);
    if (references_of(socket) <= count) {
        __atomic_store_n(&is_suspect, 1, __ATOMIC_RELEASE);
    }
}

void socket_land(struct socket *socket) {
    if (__atomic_sub_fetch(&socket->in_flight_count, 1, __ATOMIC_RELAXED) == 0) {
        list_remove(&socket->of_flying);
    }
}

/* What is looked at before the reference goes may change until then, which flight_count tells; who
 * takes off later sees that it has gone. */
bool socket_unreference(struct file *file) {
    const struct socket *socket = socket_of(file);
    uint32_t flights = __atomic_load_n(&flight_count, __ATOMIC_SEQ_CST);
    uint32_t in_flight =
        socket != nullptr ? __atomic_load_n(&socket->in_flight_count, __ATOMIC_SEQ_CST) : 0;
    uint32_t left = file_drop_reference(file);
    if (left > 0 &&
        (left <= in_flight || __atomic_load_n(&flight_count, __ATOMIC_SEQ_CST) != flights)) {
        __atomic_store_n(&is_suspect, 1, __ATOMIC_RELEASE);
        socket_collect();
    }
    return left == 0;
}

/* What is done with a socket whose file is in a message. */
typedef void socket_visit(struct socket *socket, struct list_node *to_visit);

static void visit_files(const struct message *message, socket_visit *visit,
                        struct list_node *to_visit) REQUIRES(socket_lock) {
    for (uint32_t i = 0; message->files != nullptr && i < message->files->count; i++) {
        const struct file *file = message->files->files[i];
        if (file_is_socket(file)) {
            visit(socket_of(file), to_visit);
        }
    }
}

static void visit_messages(const struct socket *socket, socket_visit *visit,
                           struct list_node *to_visit) REQUIRES(socket_lock) {
    for (struct list_node *at = socket->messages.next; at != &socket->messages; at = at->next) {
        visit_files(LIST_ENTRY(at, struct message, link), visit, to_visit);
    }
}

/* All that whoever has the socket can receive or accept. */
static void visit_below(const struct socket *socket, socket_visit *visit,
                        struct list_node *to_visit) REQUIRES(socket_lock) {
    visit_messages(socket, visit, to_visit);
    for (struct list_node *at = socket->pending.next; at != &socket->pending; at = at->next) {
        visit_messages(LIST_ENTRY(at, struct socket, of_listener), visit, to_visit);
    }
}

static void count_inner(struct socket *socket, struct list_node *to_visit) REQUIRES(socket_lock) {
    (void)to_visit;
    socket->outer_count--;
}

static void reach(struct socket *socket, struct list_node *to_visit) REQUIRES(socket_lock) {
    if (!socket->is_reached) {
        socket->is_reached = true;
        list_push_back(to_visit, &socket->to_visit);
    }
}

/* Of those that only messages have: how many of the messages are not with one of the same. */
static void count_outer(void) REQUIRES(socket_lock) {
    for (struct list_node *at = flying.next; at != &flying; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, of_flying);
        socket->outer_count = socket->in_flight_count;
        socket->is_reached = references_of(socket) > socket->in_flight_count;
    }
    for (struct list_node *at = flying.next; at != &flying; at = at->next) {
        const struct socket *socket = LIST_ENTRY(at, struct socket, of_flying);
        if (!socket->is_reached) {
            visit_below(socket, count_inner, nullptr);
        }
    }
}

static void reach_all(void) REQUIRES(socket_lock) {
    struct list_node to_visit, *node;
    list_init(&to_visit);
    for (struct list_node *at = flying.next; at != &flying; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, of_flying);
        if (socket->outer_count > 0) {
            reach(socket, &to_visit);
        }
    }
    while ((node = list_pop_front(&to_visit)) != nullptr) {
        visit_below(LIST_ENTRY(node, struct socket, to_visit), reach, &to_visit);
    }
}

static void discard_unreached(void) REQUIRES(socket_lock) {
    struct list_node unreached, *node;
    list_init(&unreached);
    for (struct list_node *at = flying.next; at != &flying; at = at->next) {
        struct socket *socket = LIST_ENTRY(at, struct socket, of_flying);
        if (!socket->is_reached) {
            list_push_back(&unreached, &socket->to_visit);
        }
    }
    while ((node = list_pop_front(&unreached)) != nullptr) {
        socket_discard_messages(LIST_ENTRY(node, struct socket, to_visit));
    }
}

void socket_collect(void) {
    if (__atomic_exchange_n(&is_suspect, 0, __ATOMIC_ACQ_REL) == 0) {
        return;
    }
    sleep_lock_acquire(&socket_lock);
    count_outer();
    reach_all();
    discard_unreached();
    sleep_lock_release(&socket_lock);
    socket_free_discarded();
}
