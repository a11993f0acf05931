#include "kernel/files/socket/message.h"

#include "lib/least.h"
#include "mm/heap/heap.h"

static size_t piece_size(const struct message *message, size_t piece) {
    return least(MESSAGE_PIECE_SIZE, message->size_bytes - piece * MESSAGE_PIECE_SIZE);
}

struct message *message_create(size_t size_bytes) {
    size_t count = (size_bytes + MESSAGE_PIECE_SIZE - 1) / MESSAGE_PIECE_SIZE;
    struct message *made = heap_alloc(sizeof(*made) + count * sizeof(made->pieces[0]));
    if (made == nullptr) {
        return nullptr;
    }
    made->size_bytes = size_bytes;
    made->piece_count = count;
    for (size_t i = 0; i < count; i++) {
        made->pieces[i] = heap_alloc(piece_size(made, i));
        if (made->pieces[i] == nullptr) {
            message_free(made);
            return nullptr;
        }
    }
    return made;
}

void message_free(struct message *message) {
    for (size_t i = 0; i < message->piece_count; i++) {
        heap_free(message->pieces[i]);
    }
    heap_free(message);
}

/* The head of a packet and its administration, and whole pages for what is above. */
size_t message_charge(size_t size_bytes) {
    constexpr size_t overhead = 576;
    constexpr size_t head_least = 192;
    constexpr size_t head_most = 3776;
    size_t head = size_bytes > head_most ? 0 : size_bytes;
    size_t paged = size_bytes - head;
    size_t rounded = (paged + MESSAGE_PIECE_SIZE - 1) / MESSAGE_PIECE_SIZE * MESSAGE_PIECE_SIZE;
    return overhead + (head < head_least ? head_least : head) + rounded;
}

enum status message_fill(struct message *message, struct transfer *transfer) {
    for (size_t i = 0; i < message->piece_count; i++) {
        size_t wanted = piece_size(message, i);
        if (transfer_take(transfer, message->pieces[i], wanted) != wanted) {
            return STATUS_FAULT;
        }
    }
    return STATUS_OK;
}

size_t message_move(const struct message *message, size_t offset, size_t size_bytes,
                    struct transfer *transfer) {
    size_t done = 0;
    while (done < size_bytes) {
        size_t at = offset + done;
        size_t inside = at % MESSAGE_PIECE_SIZE;
        size_t count = least(size_bytes - done, MESSAGE_PIECE_SIZE - inside);
        size_t moved =
            transfer_put(transfer, message->pieces[at / MESSAGE_PIECE_SIZE] + inside, count);
        done += moved;
        if (moved < count) {
            break;
        }
    }
    return done;
}
