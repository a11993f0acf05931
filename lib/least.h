#pragma once

#include <stddef.h>

/* The smaller of two sizes. */
static inline size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}
