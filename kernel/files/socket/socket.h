#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/transfer/transfer.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Pairs of connected sockets (man 2 socketpair, man 7 unix): what one end sends the other receives.
 */

BEGIN_C_DECLS

/* Linux's numbers. */
enum socket_kind : uint32_t {
    SOCKET_STREAM = 1,
    SOCKET_DATAGRAM = 2,
    SOCKET_SEQUENCED = 5, /* SOCK_SEQPACKET */
};

constexpr size_t SOCKET_CAPACITY = 262'144; /* bytes on their way, packets with their headers */

/* Both ends, open. Errors: STATUS_NO_MEMORY. */
enum status socket_open_pair(enum socket_kind kind, uint32_t flags, struct file *ends[2]);

/* Whether a file is an end, and of what kind. */
bool file_is_socket(const struct file *file);
enum socket_kind socket_kind_of(const struct file *file);

/*
 * Moves what the other end has sent: bytes of a stream, or one packet, of which `*packet_size` is
 * the whole size; what the transfer has no room for is lost. Nothing at the end. Errors:
 * STATUS_TRY_AGAIN; STATUS_INTERRUPTED; STATUS_FAULT; STATUS_NO_MEMORY.
 */
enum status socket_receive(struct file *end, struct transfer *transfer, bool may_wait,
                           size_t *packet_size);

/* The same, where what was sent stays. */
enum status socket_peek(struct file *end, struct transfer *transfer, bool may_wait,
                        size_t *packet_size);

/* Errors: STATUS_BROKEN_PIPE, nobody receives; STATUS_MESSAGE_TOO_LONG, a packet that never fits;
 * STATUS_TRY_AGAIN; STATUS_INTERRUPTED; STATUS_FAULT; STATUS_NO_MEMORY. */
enum status socket_send(struct file *end, struct transfer *transfer, bool may_wait);

/* man 2 shutdown, of either direction. */
void socket_end_receiving(struct file *end);
void socket_end_sending(struct file *end);

/* How many bytes can be received (FIONREAD): of packets, the first one's. */
size_t socket_pending(struct file *end);

END_C_DECLS
