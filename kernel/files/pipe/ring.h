#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/transfer/transfer.h"
#include "lib/status.h"

/* Bytes that come out in the order they went in. Memory is there only for pages that hold some. */
struct ring {
    char **pages;          /* page_count of them; null: holds nothing */
    size_t capacity_bytes; /* whole pages */
    size_t start;          /* where the first byte lies */
    size_t used_bytes;
};

/* STATUS_NO_MEMORY. */
enum status ring_create(struct ring *ring, size_t capacity_bytes);
void ring_destroy(struct ring *ring);

/* How many bytes fit. As on Linux, a page that is not read to its end takes no others. */
size_t ring_room(const struct ring *ring);

/* Moves bytes out of the ring, up to what the transfer wants. */
void ring_get(struct ring *ring, struct transfer *transfer);

/* Copies what ring_get would move, and leaves it there. */
void ring_look(const struct ring *ring, struct transfer *transfer);

/* Moves up to size_bytes, which fit, into the ring. STATUS_NO_MEMORY: not all of them. */
enum status ring_put(struct ring *ring, struct transfer *transfer, size_t size_bytes);

/* The same bytes in a ring of another capacity, which they fit into. STATUS_NO_MEMORY. */
enum status ring_resize(struct ring *ring, size_t capacity_bytes);
