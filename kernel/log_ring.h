#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

constexpr size_t LOG_RING_BYTES = 16384;

/* The last lines of text, whole ones only, each with a level. Zeroed is empty. Guarded by its
 * owner. */
struct log_ring {
    uint64_t first; /* of the oldest line, counted from the beginning of time */
    uint64_t end;   /* after the newest, likewise */
    char bytes[LOG_RING_BYTES];
};

/* Appends a line (without zero bytes or '\n') and drops as many of the oldest as that takes. */
void log_ring_append(struct log_ring *ring, uint8_t level, TRUSTED const char *line, size_t length);

/*
 * Copies the line at `*position` (ring->first to begin with) into `line`, which has room for
 * `capacity` bytes; the rest is cut. Moves on and returns true, or returns false at the end.
 */
[[nodiscard]] bool log_ring_next(const struct log_ring *ring, uint64_t *position, uint8_t *level,
                                 char *line, size_t capacity, size_t *length);

END_C_DECLS
