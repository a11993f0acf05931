#pragma once

#include "kernel/files/socket/socket.h"
#include "lib/list.h"
#include "lib/untrusted.h"

/* What one socket has sent and another is to receive: a packet, or bytes of a stream. */

struct message {
    struct list_node link;      /* guarded by socket_lock, as the next seven */
    struct socket *sender;      /* owned, and charged; null: not sent */
    struct socket_files *files; /* owned; null: none, or they have been received */
    struct list_node in_flight; /* while it has files and is in a queue */
    uint32_t sending_user;      /* who answers for the files */
    size_t taken_bytes;         /* of the front, received */
    bool has_credentials;
    struct socket_credentials credentials;

    size_t size_bytes; /* fixed at creation, as the pieces */
    size_t piece_count;
    char *pieces[]; /* MESSAGE_PIECE_SIZE of each; the last may be shorter */
};

constexpr size_t MESSAGE_PIECE_SIZE = 4096;

/* With memory for all its bytes. Null: there is none. */
struct message *message_create(size_t size_bytes);

/* Frees one whose sender and files are gone. */
void message_free(struct message *message);

/* What Linux charges its sender for one of this size. */
size_t message_charge(size_t size_bytes);

/* Fills it from the transfer. Errors: STATUS_FAULT. */
enum status message_fill(struct message *message, struct transfer *transfer);

/* Moves size_bytes from the offset on; returns how many were moved. */
size_t message_move(TRUSTED const struct message *message, size_t offset, size_t size_bytes,
                    struct transfer *transfer);
