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
constexpr size_t TRACE_WORD_COUNT = 9;
constexpr uint64_t TRACE_BEING_WRITTEN = UINT64_MAX; /* instead of a sequence */

/* What is remembered of one thing that happened; the room that adds it knows how to read it. */
struct trace_words {
    uint64_t words[TRACE_WORD_COUNT];
};

struct trace_record {
    uint64_t sequence; /* 1 for the ring's first record; 0: none yet. Atomic */
    struct trace_words what;
};

/* All-zero is an empty ring. */
struct trace_ring {
    uint64_t last_sequence; /* atomic */
    struct trace_record records[TRACE_RING_SIZE];
};

void trace_add(struct trace_ring *ring, const struct trace_words *what);

/* The sequence of the record that was added last; 0 where there is none. */
uint64_t trace_last(const struct trace_ring *ring);

/* Copies the record of that sequence; false where it is not, or no longer, in the ring. */
bool trace_copy(const struct trace_ring *ring, uint64_t sequence, struct trace_words *what);

END_C_DECLS
