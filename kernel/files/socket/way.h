#pragma once

#include "kernel/files/pipe/pipe.h"
#include "kernel/files/socket/socket.h"
#include "mm/lock/sleep_lock.h"

/* One direction of a pair. */
struct socket_way {
    struct pipe *pipe; /* its reference; fixed at creation */

    /* Held around the look at a packet's size or the room for it and what follows; never while
     * waiting. */
    struct sleep_lock receiving, sending;
};

enum status way_receive_packet(struct socket_way *way, struct transfer *transfer, bool may_wait,
                               size_t *packet_size);
enum status way_peek_packet(struct socket_way *way, struct transfer *transfer, bool may_wait,
                            size_t *packet_size);
enum status way_send_packet(struct socket_way *way, struct transfer *transfer, bool may_wait);

/* The size of the first packet; false: there is none yet, or never will be one. */
bool way_first_packet(struct socket_way *way, size_t *packet_size);
