#include "kernel/files/file/bitmap.h"

static uint64_t bit(uint32_t number) {
    return 1ull << number % 64;
}

void bitmap_add(struct bitmap *bitmap, uint32_t number) {
    uint32_t word = number / 64;
    bitmap->words[word] |= bit(number);
    if (bitmap->words[word] == UINT64_MAX) {
        bitmap->full_words[word / 64] |= bit(word);
    }
}

void bitmap_drop(struct bitmap *bitmap, uint32_t number) {
    uint32_t word = number / 64;
    bitmap->words[word] &= ~bit(number);
    bitmap->full_words[word / 64] &= ~bit(word);
}

/* The lowest bit that is set in `set` at `from` or after it, within from's word; 64: none. */
static uint32_t lowest_from(uint64_t set, uint32_t from) {
    uint64_t rest = set & UINT64_MAX << from % 64;
    return rest == 0 ? 64 : (uint32_t)__builtin_ctzll(rest);
}

/* The first word from `word` on that is not full; word_count: none. */
static uint32_t find_word_with_room(const struct bitmap *bitmap, uint32_t word) {
    while (word < bitmap->word_count) {
        uint32_t found = lowest_from(~bitmap->full_words[word / 64], word);
        if (found < 64) {
            return word / 64 * 64 + found;
        }
        word = (word / 64 + 1) * 64;
    }
    return bitmap->word_count;
}

uint32_t bitmap_find_free(const struct bitmap *bitmap, uint32_t from) {
    uint32_t word = from / 64;
    if (word >= bitmap->word_count) {
        return bitmap->word_count * 64;
    }
    uint32_t found = lowest_from(~bitmap->words[word], from);
    if (found < 64) {
        return word * 64 + found;
    }
    word = find_word_with_room(bitmap, word + 1);
    if (word >= bitmap->word_count) {
        return bitmap->word_count * 64;
    }
    return word * 64 + lowest_from(~bitmap->words[word], 0);
}

uint32_t bitmap_find_used(const struct bitmap *bitmap, uint32_t from) {
    for (uint32_t word = from / 64; word < bitmap->word_count; word++) {
        uint32_t found = lowest_from(bitmap->words[word], word == from / 64 ? from : 0);
        if (found < 64) {
            return word * 64 + found;
        }
    }
    return bitmap->word_count * 64;
}
