#include "mm/paging/table_pool.h"

#include "mm/frame/frame.h"

/* Where a table of the pool, all zeroes but for this, says which is the next. */
static uint64_t *next_of(phys_addr_t table) {
    return (uint64_t *)platform_phys_to_virt(table);
}

static phys_addr_t pop(struct table_pool *pool) {
    CHECK(pool->count > 0); /* T4 */
    phys_addr_t table = pool->first;
    uint64_t *next = next_of(table);
    pool->first = phys_addr(*next);
    pool->count--;
    *next = 0;
    return table;
}

void table_pool_return(struct table_pool *pool, const struct page_table *table) {
    while (pool->count > 0) {
        phys_addr_t unused = pop(pool);
        if (table->has_frames) {
            frame_free(unused);
        }
    }
}

enum status table_pool_fill(struct table_pool *pool, const struct page_table *table,
                            uint64_t count) {
    pool->first = phys_addr(0);
    pool->count = 0;
    while (pool->count < count) {
        phys_addr_t fresh;
        enum status status = frame_alloc_zeroed(FRAME_TABLE, ZONE_NORMAL, &fresh);
        if (status != STATUS_OK) {
            table_pool_return(pool, table);
            return status;
        }
        *next_of(fresh) = pool->first.value;
        pool->first = fresh;
        pool->count++;
    }
    return STATUS_OK;
}

phys_addr_t table_pool_take(struct table_pool *pool, struct page_table *table, unsigned level) {
    phys_addr_t taken = pop(pool);
    if (table->has_frames) {
        struct frame *frame = frame_of(taken);
        frame->level = (uint8_t)level;
        frame->table = (typeof(frame->table)){.share_count = 1, .owner = table}; /* T1 */
    }
    return taken;
}

void table_pool_end(const struct table_pool *pool) {
    CHECK(pool->count == 0);
}

void table_attach(struct page_table *table, const struct pt_cursor *at, struct table_pool *pool) {
    phys_addr_t child = table_pool_take(pool, table, at->level - 1u);
    pte_publish(pt_cursor_slot(at), pte_table(child, table->half == HALF_USER));
    table_count_entries(table, pt_cursor_table(at), 1);
}
