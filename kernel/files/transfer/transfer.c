#include "kernel/files/transfer/transfer.h"

#include "lib/least.h"
#include "lib/memory.h"

constexpr size_t ZEROES_SIZE = 4096;

struct transfer transfer_begin(const struct transfer_side *side, void *context, size_t size_bytes) {
    return (struct transfer){
        .side = side,
        .context = context,
        .left_bytes = size_bytes,
        .position_limit = UINT64_MAX,
    };
}

static size_t put_in_memory(void *context, size_t offset, const void *bytes, size_t size_bytes) {
    memcpy((char *)context + offset, bytes, size_bytes);
    return 0;
}

static size_t take_from_memory(void *context, size_t offset, void *bytes, size_t size_bytes) {
    memcpy(bytes, (const char *)context + offset, size_bytes);
    return 0;
}

struct transfer transfer_to_memory(void *memory, size_t size_bytes) {
    static const struct transfer_side writable = {.put = put_in_memory};
    return transfer_begin(&writable, memory, size_bytes);
}

struct transfer transfer_from_memory(const void *memory, size_t size_bytes) {
    static const struct transfer_side readable = {.take = take_from_memory};
    return transfer_begin(&readable, (void *)memory, size_bytes);
}

/* Accounts for a copy of `wanted` bytes, of which `missing` could not be reached. */
static size_t advance(struct transfer *transfer, size_t wanted, size_t missing) {
    size_t moved = wanted - missing;
    transfer->done_bytes += moved;
    transfer->left_bytes = missing > 0 ? 0 : transfer->left_bytes - moved;
    transfer->has_fault = missing > 0;
    return moved;
}

size_t transfer_put(struct transfer *transfer, const void *bytes, size_t size_bytes) {
    size_t count = least(size_bytes, transfer->left_bytes);
    if (count == 0) {
        return 0;
    }
    return advance(transfer, count,
                   transfer->side->put(transfer->context, transfer->done_bytes, bytes, count));
}

size_t transfer_take(struct transfer *transfer, void *bytes, size_t size_bytes) {
    size_t count = least(size_bytes, transfer->left_bytes);
    if (count == 0) {
        return 0;
    }
    return advance(transfer, count,
                   transfer->side->take(transfer->context, transfer->done_bytes, bytes, count));
}

size_t transfer_put_zeroes(struct transfer *transfer, size_t size_bytes) {
    static const char zeroes[ZEROES_SIZE];
    size_t moved = 0;
    while (moved < size_bytes && transfer->left_bytes > 0) {
        moved += transfer_put(transfer, zeroes, least(size_bytes - moved, sizeof(zeroes)));
    }
    return moved;
}

void transfer_skip(struct transfer *transfer) {
    transfer->done_bytes += transfer->left_bytes;
    transfer->left_bytes = 0;
}

enum status transfer_result(const struct transfer *transfer, enum status otherwise) {
    if (transfer->done_bytes > 0) {
        return STATUS_OK;
    }
    return transfer->has_fault ? STATUS_FAULT : otherwise;
}
