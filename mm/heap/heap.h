#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/*
 * Kernel objects by size class, over frames through the direct map (no page-table work, no flush).
 * Each size class keeps its partly used slabs on a list under its own spinlock.
 */

BEGIN_C_DECLS

constexpr size_t HEAP_ALIGNMENT = 16;

/*
 * size_bytes (at least 1) of zeroed memory at a multiple of HEAP_ALIGNMENT; of page alignment from
 * a page upwards. nullptr where memory is out. Up to 1 << FRAME_ORDER_MAX pages, physically
 * contiguous; large things that need not be belong into kernel ranges.
 */
[[nodiscard]] void *heap_alloc(size_t size_bytes);

/* Frees what heap_alloc returned; nullptr is ignored. CHECKs a double or a foreign pointer. */
void heap_free(void *pointer);

struct heap_counts {
    uint64_t object_count; /* live objects */
    uint64_t live_bytes;   /* as asked for, rounded up to their class */
    uint64_t frame_count;  /* frames that the heap holds */
};

struct heap_counts heap_count(void);

/* Gives the frames of empty slabs back. */
void heap_drain(void);

END_C_DECLS
