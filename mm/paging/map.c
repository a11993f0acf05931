#include "mm/paging/mapping.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"
#include "mm/paging/table_pool.h"

/* Takes what mapping the range needs, where all of it is absent. */
static enum status take_tables(const struct page_table *table, const struct mapping *mapping,
                               struct table_pool *pool) {
    struct pt_cursor at;
    uint64_t count = 0;
    pt_cursor_begin(&at, table, mapping->range);
    while (at.is_valid) {
        switch (pte_kind(pt_cursor_load(&at), at.level)) {
        case PTE_TABLE:
            CHECK(!pte_is_shared_table(pt_cursor_load(&at), at.level)); /* law 12 */
            pt_cursor_descend(&at);
            continue;
        case PTE_LEAF:
        case PTE_PARKED:
            return STATUS_EXISTS;
        case PTE_ABSENT:
            count += tables_below(&at, mapping->leaf_level);
            break;
        }
        pt_cursor_advance(&at);
    }
    return table_pool_fill(pool, table, count);
}

/* Fills the entries of one table, all absent, from the cursor's on; the cursor ends on the last. */
static void put_leaves(struct page_table *table, struct pt_cursor *at,
                       const struct mapping *mapping) {
    uint64_t count = at->level == 0 ? pt_cursor_entries_left(at) : 1;
    pte_t *slot = pt_cursor_slot(at);
    uint64_t size = level_size(at->level);
    for (uint64_t i = 0; i < count; i++) {
        pte_publish(&slot[i], mapping_entry_at(mapping, virt_add(at->va, i * size), at->level));
    }
    table_count_entries(table, pt_cursor_table(at), (int)count);
    at->va = virt_add(at->va, (count - 1) * size);
}

static void commit_map(struct page_table *table, const struct mapping *mapping,
                       struct table_pool *pool) {
    struct pt_cursor at;
    pt_cursor_begin(&at, table, mapping->range);
    while (at.is_valid) {
        if (pte_kind(pt_cursor_load(&at), at.level) == PTE_TABLE) {
            pt_cursor_descend(&at);
            continue;
        }
        if (!can_be_leaf(&at, mapping->leaf_level)) {
            table_attach(table, &at, pool);
            continue;
        }
        put_leaves(table, &at, mapping);
        pt_cursor_advance(&at);
    }
}

/* The event's status says whether the mapping may be made at all. */
static enum status map(struct page_table *table, const struct mapping *mapping,
                       struct table_event *event) {
    struct table_pool pool;
    if (event->status == STATUS_OK) {
        event->status = take_tables(table, mapping, &pool);
    }
    platform_trace(event);
    if (event->status != STATUS_OK) {
        return event->status;
    }
    commit_map(table, mapping, &pool);
    table_pool_end(&pool);
    return STATUS_OK;
}

enum status page_table_map(struct page_table *table, struct virt_range range, phys_addr_t pa,
                           struct page_attributes attributes, unsigned largest_level) {
    struct mapping mapping;
    struct table_event event = {
        .operation = TABLE_MAP,
        .level = (uint8_t)largest_level,
        .status = mapping_of_memory(table, range, pa, attributes, largest_level, &mapping),
        .table = table,
        .range = range,
        .pa = pa,
        .attributes = attributes,
        .caller = __builtin_return_address(0),
    };
    return map(table, &mapping, &event);
}

enum status page_table_map_frames(struct page_table *table, struct virt_range range,
                                  const phys_addr_t *pages, struct page_attributes attributes) {
    struct mapping mapping;
    struct table_event event = {
        .operation = TABLE_MAP_FRAMES,
        .status = mapping_of_frames(table, range, pages, attributes, &mapping),
        .table = table,
        .range = range,
        .pages = pages,
        .are_objects = frames_are_objects(pages),
        .attributes = attributes,
        .caller = __builtin_return_address(0),
    };
    enum status status = map(table, &mapping, &event);
    if (status == STATUS_OK) {
        mapping_count_owners(&mapping);
    }
    return status;
}
