#pragma once

#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/paging/page_table.h"
#include "mm/space/kernel_space.h"

/*
 * Maps all RAM of the layout at DIRECT_MAP_BASE: writable, but for what the kernel image holds
 * read-only. `*range` is what it spans, holes included. Errors: STATUS_NO_MEMORY.
 */
enum status direct_map_build(struct page_table *table, const struct kernel_layout *layout,
                             struct virt_range *range);
