#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

/*
 * The last TRACE_RING_SIZE things that happened, as numbers: cheap enough to stay on, read after
 * the fact by fault reports and tests. Any number of CPUs may add at once, in any context, without
 * a lock; a record that is being overwritten is skipped by the reader, and lost where two writers
 * want its place at once.
 */

BEGIN_C_DECLS

constexpr size_t TRACE_RING_SIZE = 256;
constexpr size_t TRACE_WORD_COUNT = 3;
constexpr uint64_t TRACE_BEING_WRITTEN = UINT64_MAX; /* instead of a sequence */

/* What a ring keeps: records of its own level and of the levels before it. */
enum trace_level : uint8_t { TRACE_OFF, TRACE_CHANGES, TRACE_DETAILS };

struct trace_record {
    uint64_t sequence; /* 1 for the ring's first record; 0: none yet. Atomic */
    uint64_t kind;     /* the room's own numbers */
    uint64_t words[TRACE_WORD_COUNT];
};

/* All-zero is an empty ring that keeps nothing: set the level. */
struct trace_ring {
    enum trace_level level; /* atomic */
    uint64_t last_sequence; /* atomic */
    struct trace_record records[TRACE_RING_SIZE];
};

void trace_set_level(struct trace_ring *ring, enum trace_level level);

/* Adds a record of `level`, which is not TRACE_OFF, where the ring keeps that. */
void trace_add(struct trace_ring *ring, enum trace_level level, uint64_t kind, uint64_t first,
               uint64_t second, uint64_t third);

/*
 * Copies the records with a sequence above `after`, oldest first, at most `capacity` of them.
 * Returns their number. Pass 0, then the last copied record's sequence, to follow a ring.
 */
size_t trace_read(const struct trace_ring *ring, uint64_t after, struct trace_record *records,
                  size_t capacity);

END_C_DECLS
