#pragma once

#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"
#include "mm/paging/pte.h"

/*
 * Whether a look-up goes on from this entry. Those who explain a fault look at tables that may be
 * corrupt, and must not fault themselves: a reserved bit leads no CPU anywhere, and what is not a
 * table of ours may be no memory at all.
 */
static inline bool walk_leads_on(const struct page_table *table, pte_t pte, unsigned level) {
    if (pte_kind(pte, level) != PTE_TABLE || pte_reserved_bits(pte, level) != 0) {
        return false;
    }
    phys_addr_t next = pte_table_address(pte);
    return !table->has_frames || (frame_exists(next) && frame_of(next)->state == FRAME_TABLE);
}
