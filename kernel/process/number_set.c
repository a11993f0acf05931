#include "kernel/process/number_set.h"

/* The lowest free number in [from, NUMBER_LIMIT); 0: there is none. */
static uint32_t find_free(const struct number_set *set, uint32_t from) {
    uint64_t below = (1ull << from % 64) - 1; /* of the first word, not to be looked at */
    for (uint32_t word = from / 64; word < NUMBER_LIMIT / 64; word++) {
        uint64_t free = ~set->is_given[word] & ~below;
        if (free != 0) {
            return word * 64 + (uint32_t)__builtin_ctzll(free);
        }
        below = 0;
    }
    return 0;
}

uint32_t number_set_take(struct number_set *set) {
    uint32_t number = find_free(set, set->last + 1);
    if (number == 0) {
        number = find_free(set, NUMBER_AGAIN);
    }
    if (number != 0) {
        set->is_given[number / 64] |= 1ull << number % 64;
        set->last = number;
    }
    return number;
}

void number_set_give_back(struct number_set *set, uint32_t number) {
    set->is_given[number / 64] &= ~(1ull << number % 64);
}
