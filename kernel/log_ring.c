#include "kernel/log_ring.h"

#include "lib/check.h"

/* A line is its level, its text and a zero byte. */
constexpr size_t LINE_OVERHEAD = 2;

static char *byte_at(struct log_ring *ring, uint64_t position) {
    return &ring->bytes[position % LOG_RING_BYTES];
}

static char read_at(const struct log_ring *ring, uint64_t position) {
    return ring->bytes[position % LOG_RING_BYTES];
}

static void drop_oldest(struct log_ring *ring) {
    ring->first++;
    while (read_at(ring, ring->first) != '\0') {
        ring->first++;
    }
    ring->first++;
}

void log_ring_append(struct log_ring *ring, uint8_t level, const char *line, size_t length) {
    CHECK(length + LINE_OVERHEAD <= LOG_RING_BYTES);
    while (ring->end - ring->first + length + LINE_OVERHEAD > LOG_RING_BYTES) {
        drop_oldest(ring);
    }
    *byte_at(ring, ring->end++) = (char)level;
    for (size_t i = 0; i < length; i++) {
        *byte_at(ring, ring->end++) = line[i];
    }
    *byte_at(ring, ring->end++) = '\0';
}

bool log_ring_next(const struct log_ring *ring, uint64_t *position, uint8_t *level, char *line,
                   size_t capacity, size_t *length) {
    if (*position == ring->end) {
        return false;
    }
    *level = (uint8_t)read_at(ring, (*position)++);
    *length = 0;
    for (char byte = read_at(ring, *position); byte != '\0'; byte = read_at(ring, *position)) {
        if (*length < capacity) {
            line[(*length)++] = byte;
        }
        (*position)++;
    }
    (*position)++;
    return true;
}
