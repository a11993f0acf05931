#pragma once

#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/memory_map.h"
#include "mm/paging/page_table.h"

/*
 * Maps zeroed memory of the early allocator at FRAME_ARRAY_BASE, only where the array stands for
 * RAM. `*range` is what the array spans, holes included. Errors: STATUS_NO_MEMORY.
 */
enum status frame_array_map(struct page_table *table, const struct memory_map *memory,
                            struct virt_range *range);
