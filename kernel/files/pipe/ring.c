#include "kernel/files/pipe/ring.h"

#include "lib/check.h"
#include "mm/addr/addr.h"
#include "mm/heap/heap.h"

struct ring_slot {
    char *page;   /* null: it is free */
    size_t start; /* of what has not been read */
    size_t end;
    enum ring_content content;
};

enum status ring_create(struct ring *ring, size_t slot_count) {
    *ring = (struct ring){.slot_count = slot_count};
    ring->slots = heap_alloc(slot_count * sizeof(struct ring_slot));
    return ring->slots == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
}

/* The slot that is read after `place` others. */
static struct ring_slot *slot_at(const struct ring *ring, size_t place) {
    return &ring->slots[(ring->first + place) % ring->slot_count];
}

void ring_destroy(struct ring *ring) {
    for (size_t i = 0; i < ring->slot_count; i++) {
        heap_free(ring->slots[i].page);
    }
    heap_free(ring->slots);
}

static struct ring_slot *last_slot(const struct ring *ring) {
    return ring->used_slots == 0 ? nullptr : slot_at(ring, ring->used_slots - 1);
}

static size_t room_in_last(const struct ring *ring) {
    const struct ring_slot *last = last_slot(ring);
    return last == nullptr || last->content == RING_PACKETS ? 0 : PAGE_SIZE - last->end;
}

size_t ring_room(const struct ring *ring) {
    size_t free_slots = ring->slot_count - ring->used_slots;
    return free_slots > 0 ? free_slots * PAGE_SIZE : room_in_last(ring);
}

static void free_first(struct ring *ring) {
    struct ring_slot *slot = slot_at(ring, 0);
    ring->used_bytes -= slot->end - slot->start;
    heap_free(slot->page);
    *slot = (struct ring_slot){};
    ring->first = (ring->first + 1) % ring->slot_count;
    ring->used_slots--;
}

/* What was moved of a piece of which a byte was missing; it counts as nothing. */
static size_t whole(struct transfer *transfer, size_t moved) {
    if (!transfer->has_fault) {
        return moved;
    }
    transfer->done_bytes -= moved;
    return 0;
}

static void get_from_first(struct ring *ring, struct transfer *transfer) {
    struct ring_slot *slot = slot_at(ring, 0);
    size_t moved =
        whole(transfer, transfer_put(transfer, slot->page + slot->start, slot->end - slot->start));
    if (!transfer->has_fault && slot->content == RING_PACKETS) {
        transfer->left_bytes = 0;
        free_first(ring);
        return;
    }
    slot->start += moved;
    ring->used_bytes -= moved;
    if (slot->start == slot->end) {
        free_first(ring);
    }
}

void ring_get(struct ring *ring, struct transfer *transfer) {
    while (ring->used_slots > 0 && transfer->left_bytes > 0) {
        get_from_first(ring, transfer);
    }
}

void ring_look(const struct ring *ring, struct transfer *transfer) {
    for (size_t i = 0; i < ring->used_slots && transfer->left_bytes > 0; i++) {
        const struct ring_slot *slot = slot_at(ring, i);
        (void)transfer_put(transfer, slot->page + slot->start, slot->end - slot->start);
    }
}

void ring_drop(struct ring *ring, size_t size_bytes) {
    CHECK(size_bytes <= ring->used_bytes);
    while (size_bytes > 0) {
        struct ring_slot *slot = slot_at(ring, 0);
        size_t left = slot->end - slot->start;
        size_t count = size_bytes < left ? size_bytes : left;
        slot->start += count;
        ring->used_bytes -= count;
        size_bytes -= count;
        if (slot->start == slot->end) {
            free_first(ring);
        }
    }
}

static void take(struct ring *ring, struct ring_slot *slot, struct transfer *transfer,
                 size_t size_bytes) {
    size_t moved = whole(transfer, transfer_take(transfer, slot->page + slot->end, size_bytes));
    slot->end += moved;
    ring->used_bytes += moved;
}

void ring_merge(struct ring *ring, struct transfer *transfer) {
    size_t odd_bytes = transfer->left_bytes % PAGE_SIZE;
    if (odd_bytes > 0 && odd_bytes <= room_in_last(ring)) {
        take(ring, last_slot(ring), transfer, odd_bytes);
    }
}

enum status ring_put(struct ring *ring, struct transfer *transfer, enum ring_content content) {
    CHECK(ring->used_slots < ring->slot_count);
    struct ring_slot *slot = slot_at(ring, ring->used_slots);
    slot->page = heap_alloc(PAGE_SIZE);
    if (slot->page == nullptr) {
        return STATUS_NO_MEMORY;
    }
    slot->content = content;
    ring->used_slots++;
    take(ring, slot, transfer, PAGE_SIZE);
    if (slot->end == 0) { /* a byte was missing */
        ring->used_slots--;
        heap_free(slot->page);
        *slot = (struct ring_slot){};
    }
    return STATUS_OK;
}

static void reverse(struct ring_slot *slots, size_t from, size_t to) {
    while (from + 1 < to) {
        struct ring_slot slot = slots[from];
        slots[from++] = slots[--to];
        slots[to] = slot;
    }
}

/* The slot that is read next becomes the first of the array: behind the used ones all are free. */
static void turn_to_front(struct ring *ring) {
    reverse(ring->slots, 0, ring->first);
    reverse(ring->slots, ring->first, ring->slot_count);
    reverse(ring->slots, 0, ring->slot_count);
    ring->first = 0;
}

enum status ring_resize(struct ring *ring, size_t slot_count) {
    struct ring other;
    CHECK(ring->used_slots <= slot_count);
    if (slot_count <= ring->slot_count) {
        turn_to_front(ring);
        ring->slot_count = slot_count;
        return STATUS_OK;
    }
    enum status status = ring_create(&other, slot_count);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < ring->used_slots; i++) {
        other.slots[i] = *slot_at(ring, i);
    }
    other.used_slots = ring->used_slots;
    other.used_bytes = ring->used_bytes;
    heap_free(ring->slots);
    *ring = other;
    return STATUS_OK;
}
