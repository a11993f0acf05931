#include "lib/trace_ring.h"

static void store(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static uint64_t load(const uint64_t *word) {
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

/*
 * False where another writer is at it, or one that came later has been: this one was held up for a
 * whole turn of the ring, and its record is lost.
 */
static bool claim_record(struct trace_record *record, uint64_t sequence) {
    uint64_t found = load(&record->sequence);
    bool is_claimed = found < sequence &&
                      __atomic_compare_exchange_n(&record->sequence, &found, TRACE_BEING_WRITTEN,
                                                  false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE); /* before the words */
    return is_claimed;
}

void trace_add(struct trace_ring *ring, const struct trace_words *what) {
    uint64_t sequence = __atomic_add_fetch(&ring->last_sequence, 1, __ATOMIC_RELAXED);
    struct trace_record *record = &ring->records[sequence % TRACE_RING_SIZE];
    if (!claim_record(record, sequence)) {
        return;
    }
    for (size_t i = 0; i < TRACE_WORD_COUNT; i++) {
        store(&record->what.words[i], what->words[i]);
    }
    __atomic_store_n(&record->sequence, sequence, __ATOMIC_RELEASE);
}

uint64_t trace_last(const struct trace_ring *ring) {
    return load(&ring->last_sequence);
}

bool trace_copy(const struct trace_ring *ring, uint64_t sequence, struct trace_words *what) {
    const struct trace_record *record = &ring->records[sequence % TRACE_RING_SIZE];
    bool was_there = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE) == sequence;
    for (size_t i = 0; i < TRACE_WORD_COUNT; i++) {
        what->words[i] = load(&record->what.words[i]);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return sequence != 0 && was_there && load(&record->sequence) == sequence;
}
