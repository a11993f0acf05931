#pragma once

/* What the weakened sources ask: whether this mutant is the one that runs. */

extern int mutant_selected;                           /* fixed when the program starts */
extern unsigned char mutant_is_reached[MUTANT_COUNT]; /* bytes, so that threads do not disturb */

static inline _Bool mutant_is(int number) {
    mutant_is_reached[number] = 1;
    return __builtin_expect(mutant_selected == number, 0);
}
