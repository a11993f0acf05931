#pragma once

#include "lib/status.h"
#include "mm/addr/layout.h"
#include "mm/paging/cursor.h"
#include "mm/paging/page_table.h"

/* What an operation may do, and how many tables it will need; nothing here changes anything. */

bool range_belongs(const struct page_table *table, struct virt_range range);
bool rights_belong(const struct page_table *table, struct page_attributes attributes);

/* Whether `page_count` pages at `pa` can be mapped: aligned (else STATUS_INVALID) and below
 * MAXPHYADDR (else STATUS_OUT_OF_RANGE). */
enum status check_memory(phys_addr_t pa, uint64_t page_count);

/* The largest level at which `start` can be mapped to `pa`, both of them pages: by their alignment,
 * the CPU, and `largest_level`. */
unsigned leaf_level_for(virt_addr_t start, phys_addr_t pa, unsigned largest_level);

/* Whether the entry can be a leaf of a range mapped with leaves up to `leaf_level`. */
static inline bool can_be_leaf(const struct pt_cursor *at, unsigned leaf_level) {
    return at->level <= leaf_level && pt_cursor_covers_entry(at);
}

/* Tables that are missing below the entry, an absent one or a large leaf, before its part of the
 * range can consist of leaves up to `leaf_level`. */
uint64_t tables_below(const struct pt_cursor *at, unsigned leaf_level);

/* Whether all that a process can map below the entry lies in the range: the table that the last
 * page of user memory is in reaches further than that. */
static inline bool covers_user_part(const struct pt_cursor *at) {
    bool reaches_end =
        pt_cursor_entry_last(at).value <= at->last.value || at->last.value == USER_END - 1;
    return is_aligned(at->va.value, level_size(at->level)) && reaches_end;
}

/* Tables that are missing before the range has entries of `level` everywhere. */
uint64_t tables_to_reserve(const struct page_table *table, struct virt_range range, unsigned level);

/* Tables that others refer to as well: those that the range meets, and those that it meets and does
 * not cover. */
uint64_t shared_tables_met(const struct page_table *table, struct virt_range range);
uint64_t shared_tables_cut(const struct page_table *table, struct virt_range range);

/* Tables that splitting the large leaves takes which stick out of the range. */
uint64_t tables_to_cut_out(const struct page_table *table, struct virt_range range);
