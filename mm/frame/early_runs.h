#pragma once

#include <stddef.h>

#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/page_run.h"

/* What the frame allocator takes over from the early one. Private to the room. */

/* Between early_begin and early_end. */
bool early_is_open(void);

/* early_alloc from pages below `page_limit` alone. */
enum status early_alloc_below(uint64_t page_count, uint64_t alignment, uint64_t page_limit,
                              phys_addr_t *start);

/* Ends the early allocator. */
void early_end(void);

/* What was reserved or handed out, ascending and disjoint; stays readable after early_end. */
const struct page_run *early_taken(size_t *count);
