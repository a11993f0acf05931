#pragma once

#include "mm/addr/addr.h"
#include "mm/paging/page_table.h"
#include "mm/paging/pte.h"

/*
 * Moves over the entries that a range of addresses meets, and knows nothing of what is done there.
 * It goes down only when told to, along from entry to entry of one table, and up where a table or
 * the range ends; each table is looked up once.
 */
struct pt_cursor {
    virt_addr_t va;                 /* the first address of the entry that lies in the range */
    virt_addr_t last;               /* of the range */
    uint8_t level;                  /* of the entry */
    uint8_t top;                    /* level of the root's entries */
    bool is_valid;                  /* false after the last entry of the root */
    pte_t *tables[TABLE_LEVEL_MAX]; /* by level, from `level` to `top` */
    phys_addr_t addresses[TABLE_LEVEL_MAX];
};

static inline void pt_cursor_enter(struct pt_cursor *at, unsigned level, phys_addr_t table) {
    at->level = (uint8_t)level;
    at->addresses[level] = table;
    at->tables[level] = (pte_t *)platform_phys_to_virt(table);
}

/* Stands at the root's entry for the start of `range`. */
static inline void pt_cursor_begin(struct pt_cursor *at, const struct page_table *table,
                                   struct virt_range range) {
    at->va = range.start;
    at->last = virt_range_last(range);
    at->top = (uint8_t)(table->levels - 1);
    at->is_valid = true;
    pt_cursor_enter(at, at->top, table->root);
}

static inline pte_t *pt_cursor_slot(const struct pt_cursor *at) {
    return &at->tables[at->level][level_index(at->va, at->level)];
}

static inline pte_t pt_cursor_load(const struct pt_cursor *at) {
    return pte_load(pt_cursor_slot(at));
}

/* The table that the entry lies in. */
static inline phys_addr_t pt_cursor_table(const struct pt_cursor *at) {
    return at->addresses[at->level];
}

/* The first and the last address that the entry covers, in the range or not. */
static inline virt_addr_t pt_cursor_entry_start(const struct pt_cursor *at) {
    return virt_addr(align_down(at->va.value, level_size(at->level)));
}

static inline virt_addr_t pt_cursor_entry_last(const struct pt_cursor *at) {
    return virt_add(pt_cursor_entry_start(at), level_size(at->level) - 1);
}

/* Whether all that the entry covers lies in the range. */
static inline bool pt_cursor_covers_entry(const struct pt_cursor *at) {
    return is_aligned(at->va.value, level_size(at->level)) &&
           pt_cursor_entry_last(at).value <= at->last.value;
}

/* The part of the entry that lies in the range; the cursor's va is its start. */
static inline uint64_t pt_cursor_part_pages(const struct pt_cursor *at) {
    uint64_t entry_last = pt_cursor_entry_last(at).value;
    uint64_t part_last = entry_last < at->last.value ? entry_last : at->last.value;
    return ((part_last - at->va.value) >> PAGE_SHIFT) + 1;
}

/* Into the table that the entry, a table entry, refers to. */
static inline void pt_cursor_descend(struct pt_cursor *at) {
    pte_t entry = pt_cursor_load(at);
    pt_cursor_enter(at, at->level - 1u, pte_table_address(entry));
}

/* Whether no entry of this table follows in the range. */
static inline bool pt_cursor_ends_table(const struct pt_cursor *at) {
    return pt_cursor_entry_last(at).value >= at->last.value ||
           level_index(at->va, at->level) == TABLE_ENTRIES - 1;
}

/* Entries of this table that the range meets from the cursor's on. */
static inline uint64_t pt_cursor_entries_left(const struct pt_cursor *at) {
    uint64_t in_table = TABLE_ENTRIES - level_index(at->va, at->level);
    uint64_t in_range = (at->last.value - pt_cursor_entry_start(at).value) / level_size(at->level);
    return in_range < in_table ? in_range + 1 : in_table;
}

/*
 * To the next entry of this table. Where none follows in the range, back to the entry that refers
 * to this table, and true; from the root, to the end.
 */
[[nodiscard]] static inline bool pt_cursor_climb(struct pt_cursor *at) {
    if (!pt_cursor_ends_table(at)) {
        at->va = virt_add(pt_cursor_entry_last(at), 1);
        return false;
    }
    at->is_valid = at->level < at->top;
    at->level++;
    return at->is_valid;
}

/* Whether `count` entries from `slot` on are absent; they are read together. */
static inline bool pt_slots_are_absent(const pte_t *slot, unsigned count) {
    uint64_t any = 0;
    for (unsigned i = 0; i < count; i++) {
        any |= pte_load(&slot[i]).raw;
    }
    return any == 0;
}

/* Over absent entries, to the first of this table that is none, or to the last in the range: most
 * of a process's upper tables is empty. */
static inline void pt_cursor_skip_absent(struct pt_cursor *at) {
    constexpr unsigned AT_ONCE = 8;
    const pte_t *slot = pt_cursor_slot(at);
    uint64_t most = pt_cursor_entries_left(at) - 1;
    uint64_t skipped = 0;
    while (skipped + AT_ONCE <= most && pt_slots_are_absent(slot + skipped, AT_ONCE)) {
        skipped += AT_ONCE;
    }
    while (skipped < most && pt_slots_are_absent(slot + skipped, 1)) {
        skipped++;
    }
    if (skipped > 0) {
        at->va = virt_add(pt_cursor_entry_start(at), skipped * level_size(at->level));
    }
}

/* To the next entry of the range, in this table or above. */
static inline void pt_cursor_advance(struct pt_cursor *at) {
    while (pt_cursor_climb(at)) {
    }
}
