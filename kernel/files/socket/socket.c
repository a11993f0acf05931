#include "kernel/files/socket/socket.h"

#include "kernel/files/file/open.h"
#include "kernel/files/socket/state.h"
#include "lib/check.h"
#include "mm/heap/heap.h"

constexpr uint32_t READY_READER_HANG_UP = 0x2000; /* POLLRDHUP */
constexpr uint32_t READY_WRITE_BAND = 0x200;      /* POLLWRBAND */
constexpr uint32_t SOCKET_FS_TYPE = 0x534f434b;   /* SOCKFS_MAGIC of man 2 statfs */
constexpr uint32_t BACKLOG_OF_DATAGRAMS = 10;     /* /proc/sys/net/unix/max_dgram_qlen */

struct sleep_lock socket_lock;
struct list_node all_sockets = {&all_sockets, &all_sockets};

static const struct socket_hooks *hooks; /* fixed once there are sockets */

void socket_set_hooks(const struct socket_hooks *given) {
    hooks = given;
}

const struct socket_hooks *socket_hooks(void) {
    return hooks;
}

struct socket_caller socket_caller(void) {
    static const struct socket_caller nobody = {.files_in_flight_max = UINT64_MAX};
    return hooks != nullptr ? hooks->caller() : nobody;
}

enum status socket_create(enum socket_kind kind, struct socket **socket) {
    struct socket *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    *made = (struct socket){
        .reference_count = 1,
        .kind = kind,
        .backlog = BACKLOG_OF_DATAGRAMS,
        .own_credentials = {0, UINT32_MAX, UINT32_MAX},
        .peer_credentials = {0, UINT32_MAX, UINT32_MAX},
        .receive_timeout_ns = SOCKET_WAITS_FOR_EVER,
        .send_timeout_ns = SOCKET_WAITS_FOR_EVER,
        .send_size = SOCKET_BUFFER_SIZE,
        .receive_size = SOCKET_BUFFER_SIZE,
        .receive_least = 1,
    };
    wait_queue_init(&made->changed);
    list_init(&made->messages);
    list_init(&made->pending);
    list_init(&made->named);
    sleep_lock_acquire(&socket_lock);
    list_push_back(&all_sockets, &made->all);
    sleep_lock_release(&socket_lock);
    *socket = made;
    return STATUS_OK;
}

void socket_ref(struct socket *socket) {
    __atomic_fetch_add(&socket->reference_count, 1, __ATOMIC_RELAXED);
}

/* One that is referred to no more has been closed, so nothing is left in it. */
void socket_unref(struct socket *socket) {
    if (socket != nullptr &&
        __atomic_sub_fetch(&socket->reference_count, 1, __ATOMIC_ACQ_REL) == 0) {
        CHECK(socket->is_gone && socket->charged_bytes == 0 && socket->message_count == 0);
        heap_free(socket);
    }
}

enum status socket_take_error(struct socket *socket) {
    enum status error = socket->error;
    socket->error = STATUS_OK;
    return error;
}

/* Who is connected sees the end; and an error, where something was not received. */
static void tell_peer(struct socket *socket, bool loses_data) REQUIRES(socket_lock) {
    struct socket *peer = socket->peer;
    if (peer == nullptr || !socket_has_connections(socket)) {
        return;
    }
    peer->has_ended_receiving = true;
    peer->has_ended_sending = true;
    if (loses_data) {
        peer->error = STATUS_CONNECTION_RESET;
    }
    wait_queue_wake(&peer->changed);
}

static void close_pending(struct list_node *pending) {
    struct list_node *node;
    while ((node = list_pop_front(pending)) != nullptr) {
        struct socket *socket = LIST_ENTRY(node, struct socket, of_listener);
        socket_close(socket);
        socket_unref(socket);
    }
}

/* Moves what nobody accepts any more to a list of its own. */
static void take_pending(struct socket *socket, struct list_node *taken) REQUIRES(socket_lock) {
    struct list_node *node;
    list_init(taken);
    while ((node = list_pop_front(&socket->pending)) != nullptr) {
        list_push_back(taken, node);
    }
    socket->pending_count = 0;
}

void socket_close(struct socket *socket) {
    struct location place = {};
    struct list_node pending;
    sleep_lock_acquire(&socket_lock);
    list_remove(&socket->all);
    socket->is_gone = true;
    socket->has_ended_receiving = true;
    socket->has_ended_sending = true;
    socket->state = SOCKET_CLOSED;
    bool is_unaccepted = socket->listener != nullptr;
    tell_peer(socket, socket->message_count > 0 || is_unaccepted);
    socket_drop_name(socket, &place);
    socket_discard_messages(socket);
    take_pending(socket, &pending);
    struct socket *peer = socket->peer;
    socket->peer = nullptr;
    wait_queue_wake(&socket->changed);
    sleep_lock_release(&socket_lock);
    location_unref(&place);
    socket_unref(peer);
    close_pending(&pending);
    socket_free_discarded();
}

static void release_socket(struct file *file) {
    struct socket *socket = socket_of(file);
    if (socket != nullptr) {
        socket_close(socket);
        socket_unref(socket);
    }
}

static enum status read_socket(struct file *file, uint64_t *position, struct transfer *transfer) {
    struct socket_receiving receiving = {.transfer = transfer, .may_wait = file_may_wait(file)};
    (void)position;
    if (transfer->left_bytes == 0) {
        return STATUS_OK;
    }
    enum status status = socket_receive(file, &receiving);
    socket_files_free(receiving.files);
    return status;
}

static enum status write_socket(struct file *file, uint64_t *position, struct transfer *transfer) {
    struct socket_sending sending = {.transfer = transfer, .may_wait = file_may_wait(file)};
    (void)position;
    return socket_send(file, &sending);
}

/* Who has nobody to send to can be told so by sending. */
static uint32_t ready_to_send(const struct socket *socket) REQUIRES(socket_lock) {
    const struct socket *peer = socket->peer;
    bool is_blocked = socket->kind == SOCKET_DATAGRAM && peer != nullptr && peer->peer != socket &&
                      socket_is_full(peer);
    return socket_is_writable(socket) && !is_blocked ? READY_TO_WRITE | READY_WRITE_BAND : 0;
}

static uint32_t ready_of(const struct socket *socket) REQUIRES(socket_lock) {
    uint32_t ready = ready_to_send(socket);
    bool is_unconnected = socket_has_connections(socket) && socket->state == SOCKET_CLOSED;
    ready |= socket->message_count > 0 || socket->pending_count > 0 ? READY_TO_READ : 0;
    ready |= socket->error != STATUS_OK ? READY_ERROR : 0;
    ready |= socket->has_ended_receiving ? READY_TO_READ | READY_READER_HANG_UP : 0;
    bool has_ended = socket->has_ended_receiving && socket->has_ended_sending;
    return ready | (has_ended || is_unconnected ? READY_HANG_UP : 0);
}

static uint32_t poll_socket(struct file *file, struct waiter *waiter) {
    struct socket *socket = socket_of(file);
    if (waiter != nullptr) {
        wait_queue_add(&socket->changed, waiter);
    }
    sleep_lock_acquire(&socket_lock);
    uint32_t ready = ready_of(socket);
    sleep_lock_release(&socket_lock);
    return ready;
}

static const struct file_operations socket_operations = {
    .read = read_socket,
    .write = write_socket,
    .poll = poll_socket,
    .release = release_socket,
    .unreference = socket_unreference,
};

bool file_is_socket(const struct file *file) {
    return file->operations == &socket_operations;
}

enum socket_kind socket_kind_of(const struct file *file) {
    return socket_of(file)->kind;
}

enum status socket_file_create(uint32_t flags, struct file **file) {
    static struct file_system system = {
        .type = SOCKET_FS_TYPE, .name = "sockfs", .label = "socket"};
    const struct socket_credentials owner = socket_caller().effective;
    const struct node_request request = {
        .kind = NODE_SOCKET,
        .permissions = 0777,
        .user = owner.user,
        .group = owner.group,
    };
    return file_open_nameless(&socket_operations, &system, &request, flags & FILE_NO_WAIT, file);
}

void socket_file_fill(struct file *file, struct socket *socket) {
    file->state = socket;
    socket->file = file;
}

enum status socket_open(enum socket_kind kind, uint32_t flags, struct file **file) {
    struct socket *socket;
    enum status status = socket_file_create(flags, file);
    if (status != STATUS_OK) {
        return status;
    }
    status = socket_create(kind, &socket);
    if (status != STATUS_OK) {
        file_unref(*file);
        return status;
    }
    sleep_lock_acquire(&socket_lock);
    socket_file_fill(*file, socket);
    sleep_lock_release(&socket_lock);
    return STATUS_OK;
}

/* What one end of a pair knows of the other. */
static void join(struct socket *socket, struct socket *peer,
                 const struct socket_credentials *credentials) REQUIRES(socket_lock) {
    socket_ref(peer);
    socket->peer = peer;
    socket->own_credentials = *credentials;
    socket->peer_credentials = *credentials;
    socket->state = SOCKET_CONNECTED;
}

enum status socket_open_pair(enum socket_kind kind, uint32_t flags, struct file *ends[2]) {
    enum status status = socket_open(kind, flags, &ends[0]);
    if (status != STATUS_OK) {
        return status;
    }
    status = socket_open(kind, flags, &ends[1]);
    if (status != STATUS_OK) {
        file_unref(ends[0]);
        return status;
    }
    const struct socket_credentials credentials = socket_caller().effective;
    sleep_lock_acquire(&socket_lock);
    join(socket_of(ends[0]), socket_of(ends[1]), &credentials);
    join(socket_of(ends[1]), socket_of(ends[0]), &credentials);
    sleep_lock_release(&socket_lock);
    return STATUS_OK;
}

static void end_directions(struct socket *socket, struct socket_directions which)
    REQUIRES(socket_lock) {
    socket->has_ended_receiving |= which.receiving;
    socket->has_ended_sending |= which.sending;
    wait_queue_wake(&socket->changed);
}

void socket_shut_down(struct file *file, struct socket_directions which) {
    struct socket *socket = socket_of(file);
    sleep_lock_acquire(&socket_lock);
    end_directions(socket, which);
    if (socket->peer != nullptr && socket_has_connections(socket)) {
        end_directions(socket->peer, (struct socket_directions){.receiving = which.sending,
                                                                .sending = which.receiving});
    }
    sleep_lock_release(&socket_lock);
}
