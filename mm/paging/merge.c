#include "mm/frame/frame.h"
#include "mm/paging/entry.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

/* Whether the pieces, of `level`, say together what one leaf of the next level could say. */
static bool can_be_joined(const pte_t *pieces, unsigned level) {
    pte_t first = pte_load(&pieces[0]);
    if (pte_kind(first, level) != PTE_LEAF || pte_is_owned(first) ||
        !is_aligned(pte_page(first, level).value, level_size(level + 1))) {
        return false;
    }
    for (unsigned i = 1; i < TABLE_ENTRIES; i++) {
        if (!pte_continues(first, pte_load(&pieces[i]), level, i)) {
            return false;
        }
    }
    return true;
}

/* The first piece, dirty if any of them is: a page that is read-only now may have been written. */
static pte_t first_piece(const pte_t *pieces) {
    uint64_t flags = 0;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        flags |= pte_load(&pieces[i]).raw & PTE_DIRTY;
    }
    return pte_from_raw(pte_load(&pieces[0]).raw | flags);
}

/* Puts a leaf in place of the table that the cursor's entry refers to, where that is possible. */
static void join_table(struct pt_cursor *at, struct virt_range range, struct tlb_gather *gather)
    REQUIRES(gather) {
    virt_addr_t start = pt_cursor_entry_start(at);
    bool is_inside = start.value >= range.start.value &&
                     pt_cursor_entry_last(at).value <= virt_range_last(range).value;
    bool is_shared = pte_is_shared_table(pt_cursor_load(at), at->level);
    if (!is_inside || is_shared || !pte_can_be_leaf(at->level)) {
        return;
    }
    phys_addr_t child = pte_table_address(pt_cursor_load(at));
    const pte_t *pieces = (const pte_t *)platform_phys_to_virt(child);
    if (!can_be_joined(pieces, at->level - 1u)) {
        return;
    }
    pte_t joined = pte_joined(first_piece(pieces), at->level);
    pte_t old = pte_exchange(pt_cursor_slot(at), joined);
    entry_owe_block(old, joined, gather);
    tlb_gather_table(gather, child);
}

void page_table_merge(struct page_table *table, struct virt_range range,
                      struct tlb_gather *gather) {
    CHECK(gather->table == table && range_belongs(table, range));
    const struct table_event event = {
        .operation = TABLE_MERGE,
        .table = table,
        .range = range,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    struct pt_cursor at;
    pt_cursor_begin(&at, table, range);
    while (at.is_valid) {
        if (pte_kind(pt_cursor_load(&at), at.level) == PTE_TABLE) {
            pt_cursor_descend(&at);
            continue;
        }
        while (pt_cursor_climb(&at)) {
            join_table(&at, range, gather);
        }
    }
}
