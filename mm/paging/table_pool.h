#pragma once

#include <stdint.h>

#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/frame.h"
#include "mm/paging/cursor.h"
#include "mm/paging/page_table.h"

/*
 * The tables that an operation will need, taken before it changes anything (law 2). They are zeroed
 * (T2), and chained through their first word, so that the pool works before struct frames exist.
 */
struct table_pool {
    phys_addr_t first;
    uint64_t count;
};

/* Takes `count` tables. Errors: STATUS_NO_MEMORY, and nothing was taken; before the frame allocator
 * has started, what the early allocator gave is lost. */
enum status table_pool_fill(struct table_pool *pool, const struct page_table *table,
                            uint64_t count);

/* Makes one of the pool the table of `level` entries of `table`, with no entries yet. */
phys_addr_t table_pool_take(struct table_pool *pool, struct page_table *table, unsigned level);

/* Gives back what an operation turned out not to need. */
void table_pool_return(struct table_pool *pool, const struct page_table *table);

/* The count was exact: an operation takes just what it has reserved. */
void table_pool_end(const struct table_pool *pool);

/* Hooks a table of the pool into the absent entry of the cursor. */
void table_attach(struct page_table *table, const struct pt_cursor *at, struct table_pool *pool);

/* Notes that `change` more entries of the table at `pa` are not absent. */
static inline void table_count_entries(const struct page_table *table, phys_addr_t pa, int change) {
    if (table->has_frames) {
        struct frame *frame = frame_of(pa);
        frame->table.entry_count = (uint16_t)(frame->table.entry_count + change);
    }
}
