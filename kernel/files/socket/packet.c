#include "kernel/files/socket/way.h"
#include "lib/memory.h"
#include "mm/heap/heap.h"

/* In the pipe, each packet follows its size. */
typedef uint32_t packet_header;

constexpr size_t PACKET_SIZE_MAX = SOCKET_CAPACITY - sizeof(packet_header);

/* `*is_end` where nothing is left and nobody sends. */
static enum status look_at_header(struct socket_way *way, bool may_wait, packet_header *header,
                                  bool *is_end) {
    struct transfer transfer = transfer_to_memory(header, sizeof(*header));
    enum status status = pipe_look(way->pipe, &transfer, may_wait);
    *is_end = status == STATUS_OK && transfer.done_bytes == 0;
    return status;
}

bool way_first_packet(struct socket_way *way, size_t *packet_size) {
    packet_header header;
    bool is_end;
    enum status status = look_at_header(way, false, &header, &is_end);
    *packet_size = status == STATUS_OK && !is_end ? header : 0;
    return status == STATUS_OK && !is_end;
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* One of pipe_read, pipe_look. */
typedef enum status packet_reading(struct pipe *pipe, struct transfer *transfer, bool may_wait);

/* Moves the first packet, which is there, to the transfer by way of `packet`, which holds it. */
static enum status move_packet(struct socket_way *way, packet_reading *read, char *packet,
                               size_t size_bytes, struct transfer *transfer)
    REQUIRES(way->receiving) {
    struct transfer taken = transfer_to_memory(packet, sizeof(packet_header) + size_bytes);
    enum status status = read(way->pipe, &taken, false);
    if (status != STATUS_OK || size_bytes == 0) {
        return status;
    }
    (void)transfer_put(transfer, packet + sizeof(packet_header),
                       least(size_bytes, transfer->left_bytes));
    return transfer_result(transfer, STATUS_OK);
}

static enum status move_first(struct socket_way *way, packet_reading *read,
                              struct transfer *transfer, size_t *packet_size) {
    sleep_lock_acquire(&way->receiving);
    enum status status = way_first_packet(way, packet_size) ? STATUS_OK : STATUS_TRY_AGAIN;
    if (status == STATUS_OK) {
        char *packet = heap_alloc(sizeof(packet_header) + *packet_size);
        status = packet == nullptr ? STATUS_NO_MEMORY
                                   : move_packet(way, read, packet, *packet_size, transfer);
        heap_free(packet);
    }
    sleep_lock_release(&way->receiving);
    return status;
}

/* Another receiver may be faster, between the look and the lock. */
static enum status receive_by(struct socket_way *way, packet_reading *read,
                              struct transfer *transfer, bool may_wait, size_t *packet_size) {
    enum status status;
    *packet_size = 0;
    do {
        packet_header header;
        bool is_end;
        status = look_at_header(way, may_wait, &header, &is_end);
        if (status != STATUS_OK || is_end) {
            return status;
        }
        status = move_first(way, read, transfer, packet_size);
    } while (status == STATUS_TRY_AGAIN && may_wait);
    return status;
}

enum status way_receive_packet(struct socket_way *way, struct transfer *transfer, bool may_wait,
                               size_t *packet_size) {
    return receive_by(way, pipe_read, transfer, may_wait, packet_size);
}

enum status way_peek_packet(struct socket_way *way, struct transfer *transfer, bool may_wait,
                            size_t *packet_size) {
    return receive_by(way, pipe_look, transfer, may_wait, packet_size);
}

/* What fits goes as a whole, since nobody else sends meanwhile. */
static enum status send_if_it_fits(struct socket_way *way, const char *packet, size_t size_bytes) {
    size_t room_bytes;
    sleep_lock_acquire(&way->sending);
    enum status status = pipe_wait_for_room(way->pipe, size_bytes, false, &room_bytes);
    if (status == STATUS_OK) {
        struct transfer bytes = transfer_from_memory(packet, size_bytes);
        status = pipe_write(way->pipe, &bytes, false);
    }
    sleep_lock_release(&way->sending);
    return status;
}

static enum status send_bytes(struct socket_way *way, const char *packet, size_t size_bytes,
                              bool may_wait) {
    enum status status = send_if_it_fits(way, packet, size_bytes);
    while (status == STATUS_TRY_AGAIN && may_wait) {
        size_t room_bytes;
        status = pipe_wait_for_room(way->pipe, size_bytes, true, &room_bytes);
        if (status == STATUS_OK) {
            status = send_if_it_fits(way, packet, size_bytes);
        }
    }
    return status;
}

enum status way_send_packet(struct socket_way *way, struct transfer *transfer, bool may_wait) {
    size_t size_bytes = transfer->left_bytes;
    packet_header header = (packet_header)size_bytes;
    if (size_bytes > PACKET_SIZE_MAX) {
        return STATUS_MESSAGE_TOO_LONG;
    }
    char *packet = heap_alloc(sizeof(header) + size_bytes);
    if (packet == nullptr) {
        return STATUS_NO_MEMORY;
    }
    memcpy(packet, &header, sizeof(header));
    size_t taken = transfer_take(transfer, packet + sizeof(header), size_bytes);
    enum status status = STATUS_FAULT;
    if (taken == size_bytes) {
        status = send_bytes(way, packet, sizeof(header) + size_bytes, may_wait);
    }
    transfer->done_bytes = status == STATUS_OK ? size_bytes : 0;
    heap_free(packet);
    return status;
}
