#include "mm/frame/frame.h"
#include "mm/paging/entry.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

/* What a range is to be mapped to: contiguous memory, or a frame for each page. */
struct mapping {
    struct virt_range range;
    struct pte_form form;
    unsigned leaf_level;      /* the largest that its leaves may have */
    phys_addr_t pa;           /* of the range's start, where `pages` is null */
    const phys_addr_t *pages; /* of owned frames */
};

static phys_addr_t page_at(const struct mapping *mapping, virt_addr_t va) {
    uint64_t offset = va.value - mapping->range.start.value;
    return mapping->pages == NULL ? phys_add(mapping->pa, offset)
                                  : mapping->pages[offset >> PAGE_SHIFT];
}

static pte_t entry_at(const struct mapping *mapping, virt_addr_t va, unsigned level) {
    return pte_of_form(mapping->form, page_at(mapping, va), level);
}

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
        pte_publish(&slot[i], entry_at(mapping, virt_add(at->va, i * size), at->level));
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

static enum status check_mapping(const struct page_table *table, struct virt_range range,
                                 struct page_attributes attributes) {
    bool is_allowed = range_belongs(table, range) && rights_belong(table, attributes);
    return is_allowed ? STATUS_OK : STATUS_INVALID;
}

/* The mapping to contiguous memory that nobody owns, where it may be made. */
static enum status make_mapping(const struct page_table *table, struct virt_range range,
                                phys_addr_t pa, struct page_attributes attributes,
                                unsigned largest_level, struct mapping *mapping) {
    CHECK(largest_level <= LEAF_LEVEL_MAX);
    enum status status = check_mapping(table, range, attributes);
    if (status == STATUS_OK) {
        status = check_memory(pa, range.page_count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *mapping = (struct mapping){
        .range = range,
        .form = pte_form(attributes, false),
        .leaf_level = leaf_level_for(range.start, pa, largest_level),
        .pa = pa,
    };
    return STATUS_OK;
}

enum status page_table_map(struct page_table *table, struct virt_range range, phys_addr_t pa,
                           struct page_attributes attributes, unsigned largest_level) {
    struct mapping mapping;
    struct table_event event = {
        .operation = TABLE_MAP,
        .level = (uint8_t)largest_level,
        .status = make_mapping(table, range, pa, attributes, largest_level, &mapping),
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
    struct table_event event = {
        .operation = TABLE_MAP_FRAMES,
        .status = check_mapping(table, range, attributes),
        .table = table,
        .range = range,
        .pages = pages,
        .attributes = attributes,
        .caller = __builtin_return_address(0),
    };
    struct mapping mapping = {.range = range, .form = pte_form(attributes, true), .pages = pages};
    enum status status = map(table, &mapping, &event);
    for (uint64_t i = 0; status == STATUS_OK && i < range.page_count; i++) {
        __atomic_fetch_add(&frame_of(pages[i])->map_count, 1, __ATOMIC_RELAXED); /* F2 */
    }
    return status;
}

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
    pte_t fresh = entry_at(mapping, at->va, at->level);
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

enum status page_table_remap(struct page_table *table, struct virt_range range, phys_addr_t pa,
                             struct page_attributes attributes, unsigned largest_level,
                             struct tlb_gather *gather) {
    CHECK(gather->table == table);
    struct mapping mapping;
    struct table_pool pool;
    enum status status = make_mapping(table, range, pa, attributes, largest_level, &mapping);
    if (status == STATUS_OK) {
        status = table_pool_fill(&pool, table, count_tables_to_remap(table, &mapping));
    }
    const struct table_event event = {
        .operation = TABLE_REMAP,
        .level = (uint8_t)largest_level,
        .status = status,
        .table = table,
        .range = range,
        .pa = pa,
        .attributes = attributes,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    if (status != STATUS_OK) {
        return status;
    }
    commit_remap(&mapping, &pool, gather);
    table_pool_end(&pool);
    return STATUS_OK;
}
