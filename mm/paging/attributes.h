#pragma once

#include <stdint.h>

/* What a mapping allows and how it is cached: what callers say, encoded only by pte.h. */

/* A set of these. On x86 every present page can be read; RIGHT_NONE is not a present mapping. */
enum page_right : uint8_t {
    RIGHT_NONE = 0,
    RIGHT_READ = 1,
    RIGHT_WRITE = 2,
    RIGHT_EXECUTE = 4,
    RIGHT_USER = 8,    /* lower half only */
    RIGHT_GLOBAL = 16, /* upper half only */
};

enum cache_policy : uint8_t {
    CACHE_WRITE_BACK,
    CACHE_WRITE_THROUGH,
    CACHE_WRITE_COMBINING, /* CACHE_UNCACHED where the CPU has no PAT */
    CACHE_UNCACHED,
};

struct page_attributes {
    uint8_t rights; /* of enum page_right */
    enum cache_policy cache;
    uint8_t protection_key; /* 0..15, user pages; 0 without PKU */
};
