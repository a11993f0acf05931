#include "mm/frame/frame.h"
#include "mm/paging/entry.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

/*
 * Moving goes by last-level tables: from each, the entries of the range; or, where both places are
 * aligned to what a table covers, the table itself, which may be a shared one.
 */

/* A move that is under way. */
struct table_move {
    struct page_table *table;
    uint64_t distance; /* from an old address to its new one; wraps */
    bool moves_tables; /* whole ones */
    struct table_pool *pool;
    struct pt_cursor to; /* where the last entry went */
};

static virt_addr_t moved(const struct table_move *move, virt_addr_t va) {
    return virt_addr(va.value + move->distance);
}

static bool is_moved_whole(const struct table_move *move, const struct pt_cursor *at) {
    return move->moves_tables && at->level == 1 && pt_cursor_covers_entry(at);
}

/* At most as many tables as the move will take: what two parts need both is counted twice. */
static uint64_t count_tables(const struct table_move *move, struct virt_range range) {
    struct pt_cursor at;
    uint64_t count = 0;
    pt_cursor_begin(&at, move->table, range);
    while (at.is_valid) {
        pte_t entry = pt_cursor_load(&at);
        bool is_table = pte_kind(entry, at.level) == PTE_TABLE;
        if (is_table && at.level > 1) {
            pt_cursor_descend(&at);
            continue;
        }
        if (is_table) {
            bool is_whole = is_moved_whole(move, &at);
            struct virt_range to = virt_range(moved(move, at.va), pt_cursor_part_pages(&at));
            count += tables_to_reserve(move->table, to, is_whole ? 1 : 0);
            count += shared_tables_met(move->table, to);
            count += !is_whole && pte_is_shared_table(entry, at.level);
        }
        pt_cursor_advance(&at);
    }
    return count;
}

/* Stands at the entry of `level` for `va`, hooking in the tables that are missing, and making what
 * is shared on the way the table's own. */
static void go_down(struct table_move *move, virt_addr_t va, unsigned level,
                    struct tlb_gather *gather) REQUIRES(gather) {
    struct pt_cursor *at = &move->to;
    pt_cursor_begin(at, move->table, virt_range(va, 1));
    while (at->level > level) {
        if (pte_kind(pt_cursor_load(at), at->level) == PTE_ABSENT) {
            table_attach(move->table, at, move->pool);
        }
        entry_enter_table(at, move->pool, gather);
    }
}

/* Most entries go to the table that the one before has gone to. */
static void stand_at(struct table_move *move, virt_addr_t va, unsigned level,
                     struct tlb_gather *gather) REQUIRES(gather) {
    bool is_same_table = move->to.is_valid && move->to.level == level &&
                         align_down(move->to.va.value ^ va.value, level_size(level + 1)) == 0;
    if (is_same_table) {
        move->to.va = va;
    } else {
        go_down(move, va, level, gather);
    }
}

/* What CPUs have noted of the entry goes with it. What is cached of the old place is owed. */
static void move_entry(struct table_move *move, struct pt_cursor *from, struct tlb_gather *gather)
    REQUIRES(gather) {
    stand_at(move, moved(move, pt_cursor_entry_start(from)), from->level, gather);
    CHECK(pte_kind(pt_cursor_load(&move->to), from->level) == PTE_ABSENT);
    pte_t old = pte_exchange(pt_cursor_slot(from), pte_absent());
    table_count_entries(move->table, pt_cursor_table(from), -1);
    if (from->level == 0) {
        entry_owe_change(from, old, pte_absent(), gather);
    } else {
        entry_owe_block(old, pte_absent(), gather);
    }
    pte_publish(pt_cursor_slot(&move->to), old);
    table_count_entries(move->table, pt_cursor_table(&move->to), 1);
}

static void commit_move(struct table_move *move, struct virt_range range, struct tlb_gather *gather)
    REQUIRES(gather) {
    struct pt_cursor at;
    pt_cursor_begin(&at, move->table, range);
    while (at.is_valid) {
        switch (pte_kind(pt_cursor_load(&at), at.level)) {
        case PTE_TABLE:
            if (is_moved_whole(move, &at)) {
                move_entry(move, &at, gather);
                break;
            }
            entry_enter_table(&at, move->pool, gather);
            continue;
        case PTE_LEAF:
        case PTE_PARKED:
            CHECK(at.level == 0);
            move_entry(move, &at, gather);
            break;
        case PTE_ABSENT:
            break;
        }
        while (pt_cursor_climb(&at)) {
            entry_drop_empty_table(&at, gather);
        }
    }
}

static bool can_move(const struct page_table *table, struct virt_range range, virt_addr_t to) {
    return range_belongs(table, range) &&
           virt_range_is_valid(to, range.page_count, table->levels) &&
           range_belongs(table, virt_range(to, range.page_count));
}

enum status page_table_move(struct page_table *table, struct virt_range range, virt_addr_t to,
                            struct tlb_gather *gather) {
    CHECK(gather->table == table && table->half == HALF_USER);
    struct table_pool pool;
    struct table_move move = {
        .table = table,
        .distance = to.value - range.start.value,
        .moves_tables = is_aligned(to.value - range.start.value, level_size(1)),
        .pool = &pool,
    };
    enum status status = STATUS_INVALID;
    if (can_move(table, range, to)) {
        status = table_pool_fill(&pool, table, count_tables(&move, range));
    }
    const struct table_event event = {
        .operation = TABLE_MOVE,
        .status = status,
        .table = table,
        .range = range,
        .to = to,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    if (status != STATUS_OK) {
        return status;
    }
    commit_move(&move, range, gather);
    table_pool_return(&pool, table);
    return STATUS_OK;
}
