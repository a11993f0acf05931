#pragma once

#include <stdint.h>

#include "lib/decls.h"

/* Which of the numbers from 1 to NUMBER_LIMIT - 1 are given. Its owner guards it. */

BEGIN_C_DECLS

constexpr uint32_t NUMBER_LIMIT = 32'768; /* kernel.pid_max */
constexpr uint32_t NUMBER_AGAIN = 300;    /* where numbers start over, as on Linux */

struct number_set {
    uint64_t is_given[NUMBER_LIMIT / 64];
    uint32_t last; /* the number given last */
};

/* The next free number after the last, or else the lowest from NUMBER_AGAIN on; 0: there is none.
 */
uint32_t number_set_take(struct number_set *set);

/* The number is free again. */
void number_set_give_back(struct number_set *set, uint32_t number);

END_C_DECLS
