#include "kernel/files/transfer/piece.h"

#include "mm/addr/addr.h"
#include "mm/heap/heap.h"

/* Up to here some small pieces cost less than a page that is taken, zeroed and given back. */
constexpr size_t SMALL_MAX = 4 * PIECE_SIZE_SMALL;

void piece_begin(struct piece *piece, size_t size_bytes) {
    piece->bytes = size_bytes > SMALL_MAX ? heap_alloc(PAGE_SIZE) : nullptr;
    piece->size_bytes = PAGE_SIZE;
    if (piece->bytes == nullptr) {
        piece->bytes = piece->small;
        piece->size_bytes = PIECE_SIZE_SMALL;
    }
}

void piece_end(struct piece *piece) {
    if (piece->bytes != piece->small) {
        heap_free(piece->bytes);
    }
}
