#include "kernel/files/pipe/ring.h"

#include "mm/addr/addr.h"
#include "mm/heap/heap.h"

enum status ring_create(struct ring *ring, size_t capacity_bytes) {
    *ring = (struct ring){.capacity_bytes = capacity_bytes};
    ring->pages = (char **)heap_alloc(capacity_bytes / PAGE_SIZE * sizeof(char *));
    return ring->pages == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
}

void ring_destroy(struct ring *ring) {
    for (size_t i = 0; i < ring->capacity_bytes / PAGE_SIZE; i++) {
        heap_free(ring->pages[i]);
    }
    heap_free((void *)ring->pages);
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* How many of the bytes at a place lie in its page. */
static size_t left_in_page(size_t place, size_t size_bytes) {
    return least(size_bytes, PAGE_SIZE - place % PAGE_SIZE);
}

/* The page before `start` holds nothing any more, unless the end has come round to it. */
static void free_page_behind(struct ring *ring, size_t place) {
    if (ring->used_bytes <= ring->capacity_bytes - PAGE_SIZE) {
        heap_free(ring->pages[place / PAGE_SIZE]);
        ring->pages[place / PAGE_SIZE] = nullptr;
    }
}

size_t ring_room(const struct ring *ring) {
    return ring->capacity_bytes - ring->used_bytes - ring->start % PAGE_SIZE;
}

/* With nothing in it, it begins at the beginning. */
static void start_anew(struct ring *ring) {
    heap_free(ring->pages[ring->start / PAGE_SIZE]);
    ring->pages[ring->start / PAGE_SIZE] = nullptr;
    ring->start = 0;
}

/* Takes bytes away from the front, all in one page. */
static void drop(struct ring *ring, size_t size_bytes) {
    size_t place = ring->start;
    ring->start = (place + size_bytes) % ring->capacity_bytes;
    ring->used_bytes -= size_bytes;
    if (size_bytes > 0 && ring->start % PAGE_SIZE == 0) {
        free_page_behind(ring, place);
    }
    if (ring->used_bytes == 0) {
        start_anew(ring);
    }
}

void ring_get(struct ring *ring, struct transfer *transfer) {
    while (ring->used_bytes > 0 && transfer->left_bytes > 0) {
        const char *page = ring->pages[ring->start / PAGE_SIZE];
        size_t count = left_in_page(ring->start, ring->used_bytes);
        drop(ring, transfer_put(transfer, page + ring->start % PAGE_SIZE, count));
    }
}

void ring_look(const struct ring *ring, struct transfer *transfer) {
    size_t done = 0;
    while (done < ring->used_bytes && transfer->left_bytes > 0) {
        size_t place = (ring->start + done) % ring->capacity_bytes;
        const char *page = ring->pages[place / PAGE_SIZE];
        size_t count = left_in_page(place, ring->used_bytes - done);
        done += transfer_put(transfer, page + place % PAGE_SIZE, count);
    }
}

static char *page_at(struct ring *ring, size_t place) {
    char **page = &ring->pages[place / PAGE_SIZE];
    if (*page == nullptr) {
        *page = heap_alloc(PAGE_SIZE);
    }
    return *page;
}

enum status ring_put(struct ring *ring, struct transfer *transfer, size_t size_bytes) {
    while (size_bytes > 0 && transfer->left_bytes > 0) {
        size_t place = (ring->start + ring->used_bytes) % ring->capacity_bytes;
        char *page = page_at(ring, place);
        if (page == nullptr) {
            return STATUS_NO_MEMORY;
        }
        size_t moved =
            transfer_take(transfer, page + place % PAGE_SIZE, left_in_page(place, size_bytes));
        ring->used_bytes += moved;
        size_bytes -= moved;
    }
    return STATUS_OK;
}

/* Copies what is used of one ring into another, empty one. */
static enum status copy(const struct ring *from, struct ring *to) {
    for (size_t done = 0; done < from->used_bytes;) {
        size_t place = (from->start + done) % from->capacity_bytes;
        size_t count = left_in_page(place, from->used_bytes - done);
        const char *page = from->pages[place / PAGE_SIZE];
        struct transfer bytes = transfer_from_memory(page + place % PAGE_SIZE, count);
        enum status status = ring_put(to, &bytes, count);
        if (status != STATUS_OK) {
            return status;
        }
        done += count;
    }
    return STATUS_OK;
}

enum status ring_resize(struct ring *ring, size_t capacity_bytes) {
    struct ring other;
    enum status status = ring_create(&other, capacity_bytes);
    if (status != STATUS_OK) {
        return status;
    }
    status = copy(ring, &other);
    if (status != STATUS_OK) {
        ring_destroy(&other);
        return status;
    }
    ring_destroy(ring);
    *ring = other;
    return STATUS_OK;
}
