#include "mm/frame/frame.h"
#include "mm/paging/cursor.h"
#include "mm/paging/page_table.h"
#include "mm/paging/walk.h"

/* Whether the way to the cursor's entry leads through a table that others may have too. */
static bool is_table_shared(const struct pt_cursor *at) {
    return at->level == 0 &&
           pte_is_shared_table(pte_load(&at->tables[1][level_index(at->va, 1)]), 1);
}

static uint32_t table_sharers(const struct pt_cursor *at) {
    const uint32_t *count = &frame_of(pt_cursor_table(at))->table.share_count;
    return __atomic_load_n(count, __ATOMIC_RELAXED);
}

/* The AND of what all levels down to the cursor's entry grant (SDM 3A 4.6.1). */
static uint8_t effective_rights(const struct pt_cursor *at) {
    uint8_t rights = UINT8_MAX;
    for (unsigned level = at->level; level <= at->top; level++) {
        rights &= pte_rights(pte_load(&at->tables[level][level_index(at->va, level)]));
    }
    return rights;
}

static struct page_query describe_leaf(const struct pt_cursor *at, pte_t pte) {
    uint64_t offset = at->va.value & (level_size(at->level) - 1);
    struct page_attributes attributes = pte_attributes(pte, at->level);
    bool is_shared = is_table_shared(at);
    struct page_query query = {
        .kind = PAGE_MAPPED,
        .level = at->level,
        .is_accessed = pte_is_accessed(pte),
        .is_dirty = pte_is_dirty(pte),
        .is_owned = pte_is_owned(pte),
        .is_table_shared = is_shared,
        .table_sharers = is_shared ? table_sharers(at) : 0,
        .pa = phys_add(pte_page(pte, at->level), offset),
        .attributes = attributes,
        .effective_rights = effective_rights(at) & attributes.rights,
    };
    return query;
}

/* The entry that the cursor stands at, which was `pte`, and no table entry. */
static struct page_query describe(const struct pt_cursor *at, pte_t pte) {
    struct page_query query = {.level = at->level, .is_table_shared = is_table_shared(at)};
    switch (pte_kind(pte, at->level)) {
    case PTE_LEAF:
        return describe_leaf(at, pte);
    case PTE_PARKED:
        query.kind = PAGE_PARKED;
        query.is_dirty = pte_is_dirty(pte);
        query.is_owned = pte_is_owned(pte);
        query.pa = phys_add(pte_page(pte, at->level), at->va.value & (level_size(at->level) - 1));
        return query;
    case PTE_ABSENT:
    case PTE_TABLE:
        return query;
    }
    __builtin_unreachable();
}

/* Stands at the entry that ends the walk of `va`, and loads no entry on the way twice; false where
 * `va` is not canonical. */
static bool find_entry(const struct page_table *table, virt_addr_t va, struct pt_cursor *at,
                       pte_t *entry) {
    if (!virt_is_canonical(va, table->levels)) {
        return false;
    }
    pt_cursor_begin(at, table, virt_range(virt_addr(align_down(va.value, PAGE_SIZE)), 1));
    *entry = pt_cursor_load(at);
    while (walk_leads_on(table, *entry, at->level)) {
        pt_cursor_enter(at, at->level - 1u, pte_table_address(*entry));
        *entry = pt_cursor_load(at);
    }
    return true;
}

struct page_query page_table_query(const struct page_table *table, virt_addr_t va) {
    struct pt_cursor at;
    pte_t entry;
    if (!find_entry(table, va, &at, &entry)) {
        return (struct page_query){.level = (uint8_t)(table->levels - 1)};
    }
    at.va = va;
    return describe(&at, entry);
}

void page_table_for_each(const struct page_table *table, struct virt_range range,
                         bool (*visit)(void *context, virt_addr_t va,
                                       const struct page_query *entry),
                         void *context) {
    struct pt_cursor at;
    pt_cursor_begin(&at, table, range);
    while (at.is_valid) {
        switch (pte_kind(pt_cursor_load(&at), at.level)) {
        case PTE_TABLE:
            pt_cursor_descend(&at);
            continue;
        case PTE_LEAF:
        case PTE_PARKED: {
            struct page_query entry = describe(&at, pt_cursor_load(&at));
            if (!visit(context, at.va, &entry)) {
                return;
            }
            break;
        }
        case PTE_ABSENT:
            break;
        }
        pt_cursor_advance(&at);
    }
}

uint64_t page_table_count(const struct page_table *table) {
    struct pt_cursor at;
    uint64_t count = 1;
    pt_cursor_begin(&at, table, page_table_half_range(table));
    while (at.is_valid) {
        bool is_table = pte_kind(pt_cursor_load(&at), at.level) == PTE_TABLE;
        count += is_table;
        if (is_table && at.level > 1) {
            pt_cursor_descend(&at);
        } else {
            pt_cursor_advance(&at);
        }
    }
    return count;
}
