#pragma once

#include <stdint.h>

/*
 * A set of numbers below 64 * word_count, with a second level that says which words are full: the
 * lowest number that is not in the set is found by looking at one word in 64.
 */
struct bitmap {
    uint64_t *words;      /* word_count of them */
    uint64_t *full_words; /* a bit for each word; those past the last are 0 */
    uint32_t word_count;
};

static inline bool bitmap_has(const struct bitmap *bitmap, uint32_t number) {
    return bitmap->words[number / 64] >> number % 64 & 1;
}

void bitmap_add(struct bitmap *bitmap, uint32_t number);
void bitmap_drop(struct bitmap *bitmap, uint32_t number);

/* The lowest number from `from` on that is not in the set, or is; 64 * word_count: none. */
uint32_t bitmap_find_free(const struct bitmap *bitmap, uint32_t from);
uint32_t bitmap_find_used(const struct bitmap *bitmap, uint32_t from);
