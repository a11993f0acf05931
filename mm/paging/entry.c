#include "mm/paging/entry.h"

#include "mm/frame/frame.h"

/* A kernel translation that is not global belongs to the context it was used in, which INVLPG
 * leaves alone unless it is the current one (SDM 3A 4.10.4.1). */
static bool lives_in_many_contexts(const struct page_table *table, pte_t pte) {
    return table->half == HALF_KERNEL && platform_features()->has_pcid && !pte_is_global(pte);
}

void entry_owe_change(struct pt_cursor *at, pte_t old, pte_t next, struct tlb_gather *gather) {
    if (!pte_change_needs_flush(old, next)) {
        return;
    }
    if (lives_in_many_contexts(gather->table, old)) {
        tlb_gather_everything(gather);
    } else {
        tlb_gather_leaf(gather, pt_cursor_entry_start(at));
    }
}

void entry_owe_block(pte_t old, pte_t next, struct tlb_gather *gather) {
    static_assert(TABLE_ENTRIES > TLB_FLUSH_PAGE_MAX);
    if (pte_change_needs_flush(old, next)) {
        tlb_gather_everything(gather);
    }
}

static void fill_pieces(pte_t *pieces, pte_t old, unsigned level) {
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        pieces[i] = pte_piece(old, level, i);
    }
}

void entry_split(struct pt_cursor *at, struct table_pool *pool, struct tlb_gather *gather) {
    pte_t old = pt_cursor_load(at);
    CHECK(at->level > 0 && !pte_is_owned(old));
    phys_addr_t table = table_pool_take(pool, gather->table, at->level - 1u);
    table_count_entries(gather->table, table, TABLE_ENTRIES);
    pte_t next = pte_table(table, gather->table->half == HALF_USER);
    pte_t *pieces = (pte_t *)platform_phys_to_virt(table);
    do {
        fill_pieces(pieces, old, at->level);
    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));
    entry_owe_block(old, next, gather);
}

uint64_t entry_drop_shared_table(struct pt_cursor *at, struct tlb_gather *gather) {
    pte_t old = pte_exchange(pt_cursor_slot(at), pte_absent());
    phys_addr_t shared = pte_table_address(old);
    uint64_t page_count = frame_of(shared)->table.entry_count;
    table_count_entries(gather->table, pt_cursor_table(at), -1);
    entry_owe_block(old, pte_absent(), gather);
    tlb_gather_shared_table(gather, shared);
    return page_count;
}

void entry_drop_empty_table(struct pt_cursor *at, struct tlb_gather *gather) {
    phys_addr_t child = pte_table_address(pt_cursor_load(at));
    if (gather->table->half != HALF_USER || frame_of(child)->table.entry_count > 0) {
        return;
    }
    pte_t old = pte_exchange(pt_cursor_slot(at), pte_absent());
    table_count_entries(gather->table, pt_cursor_table(at), -1);
    if (pte_change_needs_flush(old, pte_absent())) {
        tlb_gather_way(gather, pt_cursor_entry_start(at), at->level);
    }
    tlb_gather_table(gather, child);
}
