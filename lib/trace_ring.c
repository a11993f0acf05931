#include "lib/trace_ring.h"

void trace_set_level(struct trace_ring *ring, enum trace_level level) {
    __atomic_store_n(&ring->level, level, __ATOMIC_RELAXED);
}

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

void trace_add(struct trace_ring *ring, enum trace_level level, uint64_t kind, uint64_t first,
               uint64_t second, uint64_t third) {
    if (level > __atomic_load_n(&ring->level, __ATOMIC_RELAXED)) {
        return;
    }
    uint64_t sequence = __atomic_add_fetch(&ring->last_sequence, 1, __ATOMIC_RELAXED);
    struct trace_record *record = &ring->records[sequence % TRACE_RING_SIZE];
    if (!claim_record(record, sequence)) {
        return;
    }
    store(&record->kind, kind);
    store(&record->words[0], first);
    store(&record->words[1], second);
    store(&record->words[2], third);
    __atomic_store_n(&record->sequence, sequence, __ATOMIC_RELEASE);
}

/* False where the record is not, or no longer, the one of that sequence. */
static bool copy_record(const struct trace_ring *ring, uint64_t sequence,
                        struct trace_record *copy) {
    const struct trace_record *record = &ring->records[sequence % TRACE_RING_SIZE];
    copy->sequence = __atomic_load_n(&record->sequence, __ATOMIC_ACQUIRE);
    copy->kind = load(&record->kind);
    for (size_t i = 0; i < TRACE_WORD_COUNT; i++) {
        copy->words[i] = load(&record->words[i]);
    }
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return copy->sequence == sequence && load(&record->sequence) == sequence;
}

size_t trace_read(const struct trace_ring *ring, uint64_t after, struct trace_record *records,
                  size_t capacity) {
    uint64_t last = load(&ring->last_sequence);
    uint64_t sequence = last > TRACE_RING_SIZE ? last - TRACE_RING_SIZE : 0;
    sequence = sequence > after ? sequence : after;
    size_t count = 0;
    while (count < capacity && sequence < last) {
        sequence++;
        count += copy_record(ring, sequence, &records[count]);
    }
    return count;
}
