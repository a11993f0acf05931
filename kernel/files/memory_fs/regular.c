#include "kernel/files/memory_fs/memory_node.h"
#include "kernel/files/transfer/piece.h"
#include "kernel/files/wait/wait.h"
#include "lib/check.h"
#include "lib/least.h"
#include "mm/addr/addr.h"
#include "mm/object/memory_object.h"

/*
 * Contents pass through a piece: what is copied from or to a process may fault, and the fault may
 * want the very object that the copy holds.
 */
constexpr uint64_t BLOCKS_PER_PAGE = PAGE_SIZE / 512;

static struct memory_object *object_of(struct node *node) {
    return memory_node_of(node)->object;
}

uint64_t memory_regular_size(struct node *node) {
    return memory_object_size(object_of(node));
}

uint64_t memory_regular_block_count(struct node *node) {
    return memory_object_page_count(object_of(node)) * BLOCKS_PER_PAGE;
}

uint64_t memory_regular_next_data(struct node *node, uint64_t offset) {
    return memory_object_next_data(object_of(node), offset);
}

uint64_t memory_regular_next_hole(struct node *node, uint64_t offset) {
    return memory_object_next_hole(object_of(node), offset);
}

enum status memory_regular_read(struct node *node, uint64_t offset, struct transfer *transfer) {
    struct piece piece;
    piece_begin(&piece, transfer->left_bytes);
    while (transfer->left_bytes > 0 && !sleeper_is_ending()) {
        size_t wanted = least(piece.size_bytes, transfer->left_bytes);
        size_t count = memory_object_read(object_of(node), offset, piece.bytes, wanted);
        if (count == 0) {
            break;
        }
        offset += transfer_put(transfer, piece.bytes, count);
    }
    piece_end(&piece);
    return transfer_result(transfer, STATUS_OK);
}

/* Moves one piece. What was taken and not written counts as not done. */
static enum status write_piece(struct node *node, uint64_t offset, const struct piece *piece,
                               struct transfer *transfer) {
    size_t wanted = least(piece->size_bytes, OBJECT_SIZE_MAX - offset);
    size_t count = transfer_take(transfer, piece->bytes, wanted);
    size_t written;
    enum status status =
        memory_object_write(object_of(node), offset, piece->bytes, count, &written);
    transfer->done_bytes -= count - written;
    return status;
}

enum status memory_regular_write(struct node *node, uint64_t offset, struct transfer *transfer) {
    if (offset >= OBJECT_SIZE_MAX && transfer->left_bytes > 0) {
        return STATUS_FILE_TOO_LARGE;
    }
    uint64_t start = transfer->done_bytes;
    enum status status = STATUS_OK;
    struct piece piece;
    piece_begin(&piece, transfer->left_bytes);
    while (status == STATUS_OK && transfer->left_bytes > 0) {
        uint64_t at = offset + transfer->done_bytes - start;
        if (at >= OBJECT_SIZE_MAX) {
            break;
        }
        status = sleeper_is_ending() ? STATUS_INTERRUPTED : write_piece(node, at, &piece, transfer);
    }
    piece_end(&piece);
    return transfer_result(transfer, status == STATUS_NO_MEMORY ? STATUS_NO_SPACE : status);
}

enum status memory_regular_resize(struct node *node, uint64_t size_bytes) {
    enum status status = memory_object_resize(object_of(node), size_bytes);
    return status == STATUS_OUT_OF_RANGE ? STATUS_FILE_TOO_LARGE : status;
}

enum status memory_regular_allocate(struct node *node, uint64_t offset, uint64_t size_bytes) {
    enum status status =
        memory_object_reserve(object_of(node), offset, size_bytes, sleeper_is_interrupted);
    return status == STATUS_NO_MEMORY ? STATUS_NO_SPACE : status;
}

enum status memory_regular_punch(struct node *node, uint64_t offset, uint64_t size_bytes) {
    return memory_object_punch(object_of(node), offset, size_bytes);
}

struct memory_object *memory_regular_memory(struct node *node) {
    return object_of(node);
}
