#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/transfer/transfer.h"
#include "lib/status.h"

/*
 * Bytes that come out in the order they went in, in slots of a page each. As on Linux, a slot is
 * free again once all of it has been read, and only the last one takes further bytes. Memory is
 * there only for slots that hold some. What is moved from or to a slot at once is moved whole, or
 * not at all where the far side lacks a byte of it.
 */
struct ring_slot;

struct ring {
    struct ring_slot *slots;
    size_t slot_count;
    size_t first; /* the slot that is read next */
    size_t used_slots;
    size_t used_bytes;
};

enum ring_content : uint8_t {
    RING_BYTES,
    RING_PACKETS, /* each slot is read by itself, and what of it does not fit is lost */
};

/* STATUS_NO_MEMORY. */
enum status ring_create(struct ring *ring, size_t slot_count);
void ring_destroy(struct ring *ring);

/* How many bytes can be put: what free slots hold, or, where there is none, what the last one still
 * takes. */
size_t ring_room(const struct ring *ring);

/* Moves bytes out of the ring, up to what the transfer wants, or to the end of a packet. */
void ring_get(struct ring *ring, struct transfer *transfer);

/* Copies what ring_get would move, and packets as if they were bytes; they stay there. */
void ring_look(const struct ring *ring, struct transfer *transfer);

/* Takes out the first bytes, of which there are at least so many. */
void ring_drop(struct ring *ring, size_t size_bytes);

/*
 * Moves into the last slot what of the transfer would not fill one of its own, if that fits there.
 * It is what a write begins with.
 */
void ring_merge(struct ring *ring, struct transfer *transfer);

/* Moves a slotful into a free slot, which there must be. STATUS_NO_MEMORY: nothing. */
enum status ring_put(struct ring *ring, struct transfer *transfer, enum ring_content content);

/* The same content in another number of slots, at least those used. STATUS_NO_MEMORY, for more. */
enum status ring_resize(struct ring *ring, size_t slot_count);
