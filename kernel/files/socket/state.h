#pragma once

#include "kernel/files/socket/message.h"
#include "kernel/files/socket/socket.h"
#include "lib/capability.h"
#include "lib/list.h"
#include "mm/lock/sleep_lock.h"

/* What the sources on sockets tell each other. */

/* Guards every socket, but for what says otherwise. Held around nothing that waits or copies. */
extern struct sleep_lock socket_lock;

enum socket_state : uint8_t { SOCKET_CLOSED, SOCKET_LISTENS, SOCKET_CONNECTED };

struct socket {
    uint32_t reference_count; /* atomic: its file's, its peer's, its messages', calls' */
    enum socket_kind kind;    /* fixed at creation */
    struct wait_queue changed;
    struct sleep_lock receiving; /* held by who takes messages, while it copies; comes first */

    /* Guarded by socket_lock, as all that follows. */
    struct file *file; /* null: still to be accepted; it owns a reference to the socket */
    enum socket_state state;
    bool has_ended_receiving, has_ended_sending;
    bool is_gone;         /* its file is closed */
    enum status error;    /* that the next call is told (SO_ERROR) */
    struct socket *peer;  /* owned; null: none */
    struct list_node all; /* in the list of all that are not gone */

    struct socket_name name;
    struct location place;  /* owned; of a name in a file system */
    struct list_node named; /* in the list of those with names */

    size_t charged_bytes;      /* for what it has sent and nobody has received */
    struct list_node messages; /* that it has received */
    uint32_t message_count;

    struct list_node pending; /* of a listener: sockets to be accepted, whose references it owns */
    uint32_t backlog;         /* one less than may wait */
    uint32_t pending_count;
    struct socket *listener; /* of one that is pending */
    struct list_node of_listener;

    struct socket_credentials own_credentials, peer_credentials;
    struct socket_linger linger;
    uint64_t receive_timeout_ns, send_timeout_ns;
    uint32_t send_size, receive_size, receive_least, priority;
    uint32_t switches; /* options that are on or off, as bits of their numbers */

    uint32_t in_flight_count;   /* atomic; changed under the lock: how often its file is in messages
                                   that wait for a receiver */
    struct list_node of_flying; /* in the list of those that are in some */
    uint32_t outer_count;       /* the collector's, as the next two */
    bool is_reached;
    struct list_node to_visit;
};

/* The state of a file that is a socket. */
static inline struct socket *socket_of(const struct file *file) {
    return file->state;
}

extern struct list_node all_sockets; /* guarded by socket_lock */

/* A socket without a file, with one reference. Errors: STATUS_NO_MEMORY. */
enum status socket_create(enum socket_kind kind, struct socket **socket);
void socket_ref(struct socket *socket);
void socket_unref(struct socket *socket);

/* Ends it, whose file is closed, or that nobody accepts any more: its peer knows. */
void socket_close(struct socket *socket);

/* A file without a socket, and what makes it that socket's. */
enum status socket_file_create(uint32_t flags, struct file **file);
void socket_file_fill(struct file *file, struct socket *socket) REQUIRES(socket_lock);

struct socket_caller socket_caller(void);
const struct socket_hooks *socket_hooks(void);

static inline bool socket_has_connections(const struct socket *socket) {
    return socket->kind != SOCKET_DATAGRAM;
}

static inline bool socket_is_on(const struct socket *socket, enum socket_option option)
    REQUIRES(socket_lock) {
    return (socket->switches & 1u << option) != 0;
}

static inline bool socket_is_full(const struct socket *socket) REQUIRES(socket_lock) {
    return socket->message_count > socket->backlog;
}

static inline bool socket_is_writable(const struct socket *socket) REQUIRES(socket_lock) {
    return socket->state != SOCKET_LISTENS && socket->charged_bytes * 4 <= socket->send_size;
}

/* The error that waits to be told, which it does not any more. */
enum status socket_take_error(struct socket *socket) REQUIRES(socket_lock);

/* Waiting for a socket to change. */
struct socket_wait {
    struct sleeper sleeper;
    struct waiter waiter;
    uint64_t left_ns; /* 0: it does not wait */
};

void socket_wait_begin(struct socket_wait *wait, struct socket *socket, uint64_t timeout_ns);

/* Gives the lock up meanwhile. Errors: STATUS_TRY_AGAIN, the time is over; STATUS_INTERRUPTED. */
enum status socket_wait_more(struct socket_wait *wait) REQUIRES(socket_lock);
void socket_wait_end(struct socket_wait *wait);

/* names.c: the socket that has the name, with a reference. Errors: those of socket_connect. */
enum status socket_find(const struct socket_name *name, enum socket_kind kind,
                        struct socket **found);
enum status socket_check_name(const struct socket_name *name);

/* Gives one that has no name an abstract one. Errors: STATUS_NO_SPACE, all are taken. */
enum status socket_name_itself(struct socket *socket);

/* One that is to send credentials needs a name for who answers. */
enum status socket_name_if_needed(struct socket *socket);
void socket_drop_name(struct socket *socket, struct location *place) REQUIRES(socket_lock);

/* connect.c: takes a datagram's peer away, or gives it another, of which it takes the reference;
 * what it has received from others is lost where it had one. */
void socket_change_peer(struct socket *socket, struct socket *peer);

/* message_queue.c: what one has received, and what is to be freed. */
void socket_queue(struct socket *to, struct message *message) REQUIRES(socket_lock);
struct message *socket_first_message(const struct socket *socket) REQUIRES(socket_lock);

/* A message of size_bytes is charged to its sender no more; who waits for room knows. */
void socket_end_charge(struct socket *sender, size_t size_bytes) REQUIRES(socket_lock);

/* Takes one out of the queue of its receiver; the caller frees it. Who waited for room knows. */
void socket_unqueue(struct socket *from, struct message *message) REQUIRES(socket_lock);

/* The open files of a message become the caller's. */
struct socket_files *socket_take_files(struct message *message) REQUIRES(socket_lock);

/* All that a socket has received is to be freed, by the next call of the other. */
void socket_discard_messages(struct socket *socket) REQUIRES(socket_lock);
void socket_free_discarded(void);

/* How many open files of a user's are in flight. */
uint64_t socket_files_in_flight(uint32_t user) REQUIRES(socket_lock);

/* collect.c: a socket's file is in one message more, or in one less. */
void socket_take_off(struct socket *socket) REQUIRES(socket_lock);
void socket_land(struct socket *socket) REQUIRES(socket_lock);

/* The operation of its files; and the loss of messages where only sockets in flight may refer to
 * one. */
bool socket_unreference(struct file *file);
void socket_collect(void);
