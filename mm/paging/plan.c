#include "mm/paging/plan.h"

#include "mm/addr/layout.h"
#include "mm/frame/frame.h"

bool range_belongs(const struct page_table *table, struct virt_range range) {
    if (table->half == HALF_USER) {
        return virt_range_last(range).value < USER_END;
    }
    return range.start.value >> 63 != 0 && virt_is_canonical(range.start, table->levels);
}

bool rights_belong(const struct page_table *table, struct page_attributes attributes) {
    constexpr unsigned key_max = 15;
    bool is_user = table->half == HALF_USER;
    uint8_t rights = attributes.rights;
    uint8_t needed = RIGHT_READ | (is_user ? RIGHT_USER : RIGHT_NONE);
    uint8_t refused = is_user ? RIGHT_GLOBAL : RIGHT_USER;
    if (attributes.protection_key > (is_user ? key_max : 0)) {
        return false;
    }
    return rights == RIGHT_NONE || ((rights & needed) == needed && (rights & refused) == 0);
}

enum status check_memory(phys_addr_t pa, uint64_t page_count) {
    uint64_t page_limit = 1ull << (platform_features()->phys_addr_bits - PAGE_SHIFT);
    uint64_t first_page = pa.value >> PAGE_SHIFT;
    if (!is_aligned(pa.value, PAGE_SIZE)) {
        return STATUS_INVALID;
    }
    if (first_page + page_count > page_limit) {
        return STATUS_OUT_OF_RANGE;
    }
    return STATUS_OK;
}

unsigned leaf_level_for(virt_addr_t start, phys_addr_t pa, unsigned largest_level) {
    unsigned level = largest_level;
    while (!pte_can_be_leaf(level) || !is_aligned(start.value ^ pa.value, level_size(level))) {
        level--;
    }
    return level;
}

/* Of the blocks of `level` that [first, last] meets, those it does not cover. */
static uint64_t blocks_cut(uint64_t first, uint64_t last, unsigned level) {
    bool cuts_first = !is_aligned(first, level_size(level));
    bool cuts_last = !is_aligned(last + 1, level_size(level));
    bool is_one_block = align_down(first ^ last, level_size(level)) == 0;
    return is_one_block ? cuts_first || cuts_last : cuts_first + cuts_last;
}

static uint64_t blocks_met(uint64_t first, uint64_t last, unsigned level) {
    uint64_t size = level_size(level);
    return (align_down(last, size) - align_down(first, size)) / size + 1;
}

uint64_t tables_below(const struct pt_cursor *at, unsigned leaf_level) {
    uint64_t first = at->va.value;
    uint64_t last = first + (pt_cursor_part_pages(at) << PAGE_SHIFT) - 1;
    uint64_t count = 0;
    for (unsigned level = at->level; level > 0; level--) {
        count +=
            level > leaf_level ? blocks_met(first, last, level) : blocks_cut(first, last, level);
    }
    return count;
}

static void descend_fully(struct pt_cursor *at) {
    while (pte_kind(pt_cursor_load(at), at->level) == PTE_TABLE) {
        pt_cursor_descend(at);
    }
}

static uint64_t tables_to_cut(const struct pt_cursor *at) {
    bool is_absent = pte_kind(pt_cursor_load(at), at->level) == PTE_ABSENT;
    return is_absent ? 0 : tables_below(at, LEAF_LEVEL_MAX);
}

/* Only the leaves at the two ends of the range can stick out of it, and they may be one. */
uint64_t tables_to_cut_out(const struct page_table *table, struct virt_range range) {
    struct pt_cursor at;
    pt_cursor_begin(&at, table, range);
    descend_fully(&at);
    uint64_t count = tables_to_cut(&at);
    if (pt_cursor_entry_last(&at).value >= at.last.value) {
        return count;
    }
    virt_addr_t last_page = virt_add(range.start, (range.page_count - 1) << PAGE_SHIFT);
    pt_cursor_begin(&at, table, virt_range(last_page, 1));
    descend_fully(&at);
    at.va = pt_cursor_entry_start(&at);
    return count + tables_to_cut(&at);
}

/* Tables that are missing below an absent entry before its part of the range has tables of
 * `level`. */
static uint64_t tables_down_to(const struct pt_cursor *at, unsigned level) {
    uint64_t last = at->va.value + (pt_cursor_part_pages(at) << PAGE_SHIFT) - 1;
    uint64_t count = 0;
    for (unsigned above = at->level; above > level; above--) {
        uint64_t size = level_size(above);
        count += (align_down(last, size) - align_down(at->va.value, size)) / size + 1;
    }
    return count;
}

uint64_t tables_to_reserve(const struct page_table *table, struct virt_range range,
                           unsigned level) {
    struct pt_cursor at;
    uint64_t count = 0;
    pt_cursor_begin(&at, table, range);
    while (at.is_valid) {
        enum pte_kind kind = pte_kind(pt_cursor_load(&at), at.level);
        if (kind == PTE_TABLE && at.level > level) {
            pt_cursor_descend(&at);
            continue;
        }
        count += kind == PTE_ABSENT ? tables_down_to(&at, level) : 0;
        pt_cursor_advance(&at);
    }
    return count;
}

/* Whoever is alone with the table takes it as it is, and stays alone: only its own fork, which its
 * caller keeps out, shares it anew. */
static bool takes_copy(pte_t entry, unsigned level) {
    if (!pte_is_shared_table(entry, level)) {
        return false;
    }
    const struct frame *table = frame_of(pte_table_address(entry));
    return __atomic_load_n(&table->table.share_count, __ATOMIC_ACQUIRE) > 1;
}

uint64_t shared_tables_met(const struct page_table *table, struct virt_range range) {
    struct pt_cursor at;
    uint64_t count = 0;
    if (!table->may_share) {
        return 0;
    }
    pt_cursor_begin(&at, table, range);
    while (at.is_valid) {
        pt_cursor_skip_absent(&at);
        pte_t entry = pt_cursor_load(&at);
        if (at.level > 1 && pte_kind(entry, at.level) == PTE_TABLE) {
            pt_cursor_descend(&at);
            continue;
        }
        count += takes_copy(entry, at.level);
        pt_cursor_advance(&at);
    }
    return count;
}

uint64_t shared_tables_cut(const struct page_table *table, struct virt_range range) {
    uint64_t first = range.start.value;
    uint64_t last = virt_range_last(range).value;
    bool cuts_first = !is_aligned(first, level_size(1));
    bool cuts_last = !is_aligned(last + 1, level_size(1)) && last != USER_END - 1;
    bool is_one_block = align_down(first ^ last, level_size(1)) == 0;
    virt_addr_t last_page = virt_addr(align_down(last, PAGE_SIZE));
    uint64_t count = 0;
    if (cuts_first || (cuts_last && is_one_block)) {
        count += shared_tables_met(table, virt_range(range.start, 1));
    }
    if (cuts_last && !is_one_block) {
        count += shared_tables_met(table, virt_range(last_page, 1));
    }
    return count;
}
