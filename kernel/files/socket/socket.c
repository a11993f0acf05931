#include "kernel/files/socket/socket.h"

#include "kernel/files/file/open.h"
#include "kernel/files/socket/way.h"
#include "lib/check.h"
#include "mm/heap/heap.h"

constexpr uint32_t MODE_OF_SOCKETS = NODE_SOCKET | 0777;
constexpr uint32_t READY_READER_HANG_UP = 0x2000; /* POLLRDHUP */

static const struct pipe_ends READER = {.has_reader = true};
static const struct pipe_ends WRITER = {.has_writer = true};

struct socket_pair {
    uint32_t reference_count; /* atomic: of its ends */
    enum socket_kind kind;    /* fixed at creation */
    struct wait_queue changed;
    struct socket_way ways[2]; /* to each side */
};

struct socket_end {
    struct socket_pair *pair;                    /* a reference; fixed at creation */
    unsigned side;                               /* fixed at creation */
    bool has_ended_receiving, has_ended_sending; /* atomic */
};

static struct socket_end *end_of(const struct file *file) {
    return file->state;
}

static struct socket_way *way_in(const struct socket_end *end) {
    return &end->pair->ways[end->side];
}

static struct socket_way *way_out(const struct socket_end *end) {
    return &end->pair->ways[1 - end->side];
}

static void pair_unref(struct socket_pair *pair) {
    if (__atomic_sub_fetch(&pair->reference_count, 1, __ATOMIC_ACQ_REL) > 0) {
        return;
    }
    for (unsigned side = 0; side < 2; side++) {
        if (pair->ways[side].pipe != nullptr) {
            (void)pipe_unref(pair->ways[side].pipe);
        }
    }
    heap_free(pair);
}

static bool is_stream(const struct socket_end *end) {
    return end->pair->kind == SOCKET_STREAM;
}

void socket_end_receiving(struct file *file) {
    struct socket_end *end = end_of(file);
    if (!__atomic_exchange_n(&end->has_ended_receiving, true, __ATOMIC_ACQ_REL)) {
        pipe_close(way_in(end)->pipe, READER);
    }
}

void socket_end_sending(struct file *file) {
    struct socket_end *end = end_of(file);
    if (!__atomic_exchange_n(&end->has_ended_sending, true, __ATOMIC_ACQ_REL)) {
        pipe_close(way_out(end)->pipe, WRITER);
    }
}

static void release_socket(struct file *file) {
    struct socket_end *end = end_of(file);
    socket_end_receiving(file);
    socket_end_sending(file);
    pair_unref(end->pair);
    heap_free(end);
}

static bool has_ended_receiving(const struct socket_end *end) {
    return __atomic_load_n(&end->has_ended_receiving, __ATOMIC_ACQUIRE);
}

enum status socket_receive(struct file *file, struct transfer *transfer, bool may_wait,
                           size_t *packet_size) {
    const struct socket_end *end = end_of(file);
    *packet_size = 0;
    if (has_ended_receiving(end)) {
        return STATUS_OK;
    }
    return is_stream(end) ? pipe_read(way_in(end)->pipe, transfer, may_wait)
                          : way_receive_packet(way_in(end), transfer, may_wait, packet_size);
}

enum status socket_peek(struct file *file, struct transfer *transfer, bool may_wait,
                        size_t *packet_size) {
    const struct socket_end *end = end_of(file);
    *packet_size = 0;
    if (has_ended_receiving(end)) {
        return STATUS_OK;
    }
    return is_stream(end) ? pipe_look(way_in(end)->pipe, transfer, may_wait)
                          : way_peek_packet(way_in(end), transfer, may_wait, packet_size);
}

enum status socket_send(struct file *file, struct transfer *transfer, bool may_wait) {
    const struct socket_end *end = end_of(file);
    if (__atomic_load_n(&end->has_ended_sending, __ATOMIC_ACQUIRE)) {
        return STATUS_BROKEN_PIPE;
    }
    return is_stream(end) ? pipe_write(way_out(end)->pipe, transfer, may_wait)
                          : way_send_packet(way_out(end), transfer, may_wait);
}

size_t socket_pending(struct file *file) {
    const struct socket_end *end = end_of(file);
    size_t size_bytes = pipe_used(way_in(end)->pipe);
    if (!is_stream(end)) {
        (void)way_first_packet(way_in(end), &size_bytes);
    }
    return size_bytes;
}

static enum status read_socket(struct file *file, uint64_t *position, struct transfer *transfer) {
    size_t packet_size;
    (void)position;
    return socket_receive(file, transfer, file_may_wait(file), &packet_size);
}

static enum status write_socket(struct file *file, uint64_t *position, struct transfer *transfer) {
    (void)position;
    return socket_send(file, transfer, file_may_wait(file));
}

/* Who has nobody to send to can be told so by sending. */
static uint32_t poll_socket(struct file *file, struct waiter *waiter) {
    const struct socket_end *end = end_of(file);
    if (waiter != nullptr) {
        wait_queue_add(&end->pair->changed, waiter);
    }
    uint32_t in = pipe_poll(way_in(end)->pipe, READER, UINT32_MAX, nullptr);
    uint32_t out = pipe_poll(way_out(end)->pipe, WRITER, UINT32_MAX, nullptr);
    bool has_ended = (in & READY_HANG_UP) || has_ended_receiving(end);
    bool is_over = has_ended && (out & READY_ERROR);
    uint32_t ready = in & READY_TO_READ;
    ready |= has_ended ? READY_TO_READ | READY_READER_HANG_UP : 0;
    ready |= out & (READY_TO_WRITE | READY_ERROR) ? READY_TO_WRITE : 0;
    return ready | (is_over ? READY_HANG_UP : 0);
}

static const struct file_operations socket_operations = {
    .read = read_socket,
    .write = write_socket,
    .poll = poll_socket,
    .release = release_socket,
    .mode = MODE_OF_SOCKETS,
    .name = "socket:[0]",
};

bool file_is_socket(const struct file *file) {
    return file->operations == &socket_operations;
}

enum socket_kind socket_kind_of(const struct file *file) {
    return end_of(file)->pair->kind;
}

static enum status create_ways(struct socket_pair *pair) {
    enum status status = STATUS_OK;
    for (unsigned side = 0; side < 2 && status == STATUS_OK; side++) {
        struct pipe **pipe = &pair->ways[side].pipe;
        status = pipe_create_sharing(&pair->changed, pipe);
        if (status == STATUS_OK) {
            status = pipe_set_capacity(*pipe, SOCKET_CAPACITY, true);
        }
    }
    return status;
}

static enum status create_pair(enum socket_kind kind, struct socket_pair **pair) {
    struct socket_pair *made = heap_alloc(sizeof(*made));
    if (made == nullptr) {
        return STATUS_NO_MEMORY;
    }
    made->reference_count = 1;
    made->kind = kind;
    wait_queue_init(&made->changed);
    enum status status = create_ways(made);
    if (status != STATUS_OK) {
        pair_unref(made);
        return status;
    }
    *pair = made;
    return STATUS_OK;
}

static enum status open_end(struct socket_pair *pair, unsigned side, uint32_t flags,
                            struct file **file) {
    struct socket_end *end = heap_alloc(sizeof(*end));
    if (end == nullptr) {
        return STATUS_NO_MEMORY;
    }
    *end = (struct socket_end){.pair = pair, .side = side};
    enum status status = file_open_special(&socket_operations, end, flags, file);
    if (status != STATUS_OK) {
        heap_free(end);
        return status;
    }
    __atomic_fetch_add(&pair->reference_count, 1, __ATOMIC_RELAXED);
    pipe_open(way_in(end)->pipe, READER);
    pipe_open(way_out(end)->pipe, WRITER);
    return STATUS_OK;
}

enum status socket_open_pair(enum socket_kind kind, uint32_t flags, struct file *ends[2]) {
    struct socket_pair *pair;
    enum status status = create_pair(kind, &pair);
    if (status != STATUS_OK) {
        return status;
    }
    status = open_end(pair, 0, flags, &ends[0]);
    if (status == STATUS_OK) {
        status = open_end(pair, 1, flags, &ends[1]);
        if (status != STATUS_OK) {
            file_unref(ends[0]);
        }
    }
    pair_unref(pair);
    return status;
}
