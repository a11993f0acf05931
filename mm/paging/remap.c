#include "mm/frame/frame.h"
#include "mm/paging/entry.h"
#include "mm/paging/mapping.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

static uint64_t count_tables_to_remap(const struct page_table *table,
                                      const struct mapping *mapping) {
    struct pt_cursor at;
    uint64_t count = 0;
    pt_cursor_begin(&at, table, mapping->range);
    while (at.is_valid) {
        if (pte_kind(pt_cursor_load(&at), at.level) == PTE_TABLE) {
            CHECK(!pte_is_shared_table(pt_cursor_load(&at), at.level)); /* law 12 */
            pt_cursor_descend(&at);
            continue;
        }
        count += tables_below(&at, mapping->leaf_level);
        pt_cursor_advance(&at);
    }
    return count;
}

static void replace_entry(struct pt_cursor *at, const struct mapping *mapping,
                          struct tlb_gather *gather) REQUIRES(gather) {
    pte_t fresh = mapping_entry_at(mapping, at->va, at->level);
    pte_t old = pt_cursor_load(at);
    pte_t next;
    do {
        next = pte_replacing(old, fresh, at->level);
    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));
    entry_owe_change(at, old, next, gather);
    if (pte_kind(old, at->level) == PTE_ABSENT) {
        table_count_entries(gather->table, pt_cursor_table(at), 1);
    }
    if (pte_is_owned(old)) {
        tlb_gather_frame(gather, frame_of(pte_page(old, at->level)));
    }
}

static void commit_remap(const struct mapping *mapping, struct table_pool *pool,
                         struct tlb_gather *gather) REQUIRES(gather) {
    struct pt_cursor at;
    pt_cursor_begin(&at, gather->table, mapping->range);
    while (at.is_valid) {
        enum pte_kind kind = pte_kind(pt_cursor_load(&at), at.level);
        if (kind == PTE_TABLE) {
            pt_cursor_descend(&at);
        } else if (can_be_leaf(&at, mapping->leaf_level)) {
            replace_entry(&at, mapping, gather);
            pt_cursor_advance(&at);
        } else if (kind == PTE_ABSENT) {
            table_attach(gather->table, &at, pool);
        } else {
            entry_split(&at, pool, gather);
        }
    }
}

/* The event's status says whether the mapping may be made at all. */
static enum status remap(const struct mapping *mapping, struct table_event *event,
                         struct tlb_gather *gather) REQUIRES(gather) {
    struct page_table *table = gather->table;
    struct table_pool pool;
    if (event->status == STATUS_OK) {
        event->status = table_pool_fill(&pool, table, count_tables_to_remap(table, mapping));
    }
    platform_trace(event);
    if (event->status != STATUS_OK) {
        return event->status;
    }
    commit_remap(mapping, &pool, gather);
    table_pool_end(&pool);
    return STATUS_OK;
}

enum status page_table_remap(struct page_table *table, struct virt_range range, phys_addr_t pa,
                             struct page_attributes attributes, unsigned largest_level,
                             struct tlb_gather *gather) {
    CHECK(gather->table == table);
    struct mapping mapping;
    struct table_event event = {
        .operation = TABLE_REMAP,
        .level = (uint8_t)largest_level,
        .status = mapping_of_memory(table, range, pa, attributes, largest_level, &mapping),
        .table = table,
        .range = range,
        .pa = pa,
        .attributes = attributes,
        .caller = __builtin_return_address(0),
    };
    return remap(&mapping, &event, gather);
}

enum status page_table_remap_frames(struct page_table *table, struct virt_range range,
                                    const phys_addr_t *pages, struct page_attributes attributes,
                                    struct tlb_gather *gather) {
    CHECK(gather->table == table);
    struct mapping mapping;
    struct table_event event = {
        .operation = TABLE_REMAP_FRAMES,
        .status = mapping_of_frames(table, range, pages, attributes, &mapping),
        .table = table,
        .range = range,
        .pages = pages,
        .are_objects = frames_are_objects(pages),
        .attributes = attributes,
        .caller = __builtin_return_address(0),
    };
    enum status status = remap(&mapping, &event, gather);
    if (status == STATUS_OK) {
        mapping_count_owners(&mapping);
    }
    return status;
}
