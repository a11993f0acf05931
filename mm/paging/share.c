#include "mm/frame/frame.h"
#include "mm/paging/entry.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

/*
 * Last-level tables that several processes refer to (law 12). None of them can write through such a
 * table, and none changes it; so it needs no lock. What a sharer drops counts until its flush has
 * returned: a count of one says that no other CPU can reach the table any more.
 */

/* Tables of `table` above its last-level ones in the range: as many as a child needs that has none
 * yet. */
static uint64_t count_upper_tables(const struct page_table *table, struct virt_range range) {
    struct pt_cursor at;
    uint64_t count = 0;
    pt_cursor_begin(&at, table, range);
    while (at.is_valid) {
        pt_cursor_skip_absent(&at);
        bool leads_on = at.level > 1 && pte_kind(pt_cursor_load(&at), at.level) == PTE_TABLE;
        if (leads_on) {
            count++;
            pt_cursor_descend(&at);
        } else {
            pt_cursor_advance(&at);
        }
    }
    return count;
}

/* Stands at the child's entry of level 1 for `va`, hooking in the tables that are missing. */
static void go_down(struct page_table *child, virt_addr_t va, struct table_pool *pool,
                    struct pt_cursor *at) {
    pt_cursor_begin(at, child, virt_range(va, 1));
    while (at->level > 1) {
        if (pte_kind(pt_cursor_load(at), at->level) == PTE_ABSENT) {
            table_attach(child, at, pool);
        }
        pt_cursor_descend(at);
    }
}

static pte_t deny_writing(pte_t *slot, pte_t *old) {
    pte_t next;
    *old = pte_load(slot);
    do {
        next = pte_without_write(*old);
    } while (!pte_compare_exchange(slot, old, next));
    return next;
}

/* What may be cached of the whole block grants writing until it is flushed. */
static void share_table(struct pt_cursor *at, struct page_table *child, struct table_pool *pool,
                        struct tlb_gather *gather) REQUIRES(gather) {
    pte_t old;
    pte_t next = deny_writing(pt_cursor_slot(at), &old);
    entry_owe_block(old, next, gather);
    phys_addr_t shared = pte_table_address(next);
    struct frame *frame = frame_of(shared);
    frame->table.owner = NULL;
    __atomic_fetch_add(&frame->table.share_count, 1, __ATOMIC_RELAXED); /* T1 */
    struct pt_cursor to;
    go_down(child, at->va, pool, &to);
    CHECK(pte_kind(pt_cursor_load(&to), 1) == PTE_ABSENT);
    pte_publish(pt_cursor_slot(&to), pte_without_write(pte_table(shared, true)));
    table_count_entries(child, pt_cursor_table(&to), 1);
}

static void share_tables(struct page_table *child, struct virt_range range, struct table_pool *pool,
                         struct tlb_gather *gather) REQUIRES(gather) {
    struct pt_cursor at;
    pt_cursor_begin(&at, gather->table, range);
    while (at.is_valid) {
        pt_cursor_skip_absent(&at);
        bool is_table = pte_kind(pt_cursor_load(&at), at.level) == PTE_TABLE;
        if (is_table && at.level > 1) {
            pt_cursor_descend(&at);
            continue;
        }
        if (is_table) {
            share_table(&at, child, pool, gather);
        }
        pt_cursor_advance(&at);
    }
}

enum status page_table_share(struct page_table *table, struct page_table *child,
                             struct virt_range range, struct tlb_gather *gather) {
    CHECK(gather->table == table && table->half == HALF_USER && child->half == HALF_USER);
    CHECK(is_aligned(range.start.value, level_size(1)));
    CHECK(is_aligned(range.page_count, TABLE_ENTRIES) ||
          virt_range_last(range).value == USER_END - 1);
    struct table_pool pool;
    enum status status = STATUS_INVALID;
    if (range_belongs(table, range)) {
        status = table_pool_fill(&pool, child, count_upper_tables(table, range));
    }
    const struct table_event event = {
        .operation = TABLE_SHARE,
        .status = status,
        .table = table,
        .range = range,
        .other = child,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    if (status != STATUS_OK) {
        return status;
    }
    table->may_share = true;
    child->may_share = true;
    share_tables(child, range, &pool, gather);
    table_pool_return(&pool, child);
    return STATUS_OK;
}

/* A private page becomes read-only in the shared table too, before it is in two tables: whoever
 * takes the table over later must find it so. Pages of files and devices are shared anyway. */
static pte_t entry_to_copy(pte_t *slot) {
    pte_t old = pte_load(slot);
    bool is_private = pte_is_owned(old) && frame_of(pte_page(old, 0))->state == FRAME_ANON;
    return is_private ? deny_writing(slot, &old) : old;
}

static void copy_entries(phys_addr_t from, phys_addr_t to) {
    pte_t *shared = (pte_t *)platform_phys_to_virt(from);
    pte_t *own = (pte_t *)platform_phys_to_virt(to);
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        pte_t entry = entry_to_copy(&shared[i]);
        if (pte_is_owned(entry)) {
            struct frame *frame = frame_of(pte_page(entry, 0));
            __atomic_fetch_add(&frame->map_count, 1, __ATOMIC_RELAXED); /* F2 */
        }
        pte_publish(&own[i], entry);
    }
}

/* Nobody else refers to the table any more. What its entry gains owes no flush (law 6). */
static void take_over(struct pt_cursor *at, struct page_table *table) {
    pte_t old = pt_cursor_load(at);
    frame_of(pte_table_address(old))->table.owner = table;
    while (!pte_compare_exchange(pt_cursor_slot(at), &old, pte_with_write(old))) {
    }
}

/* The copy maps what the shared table maps; only the way to it is another. */
static void take_copy(struct pt_cursor *at, struct table_pool *pool, struct tlb_gather *gather)
    REQUIRES(gather) {
    phys_addr_t shared = pte_table_address(pt_cursor_load(at));
    phys_addr_t own = table_pool_take(pool, gather->table, 0);
    copy_entries(shared, own);
    frame_of(own)->table.entry_count = frame_of(shared)->table.entry_count;
    pte_t next = pte_table(own, true);
    pte_t old = pte_exchange(pt_cursor_slot(at), next);
    if (pte_change_needs_flush(old, next)) {
        tlb_gather_way(gather, pt_cursor_entry_start(at), at->level);
    }
    tlb_gather_shared_table(gather, shared);
}

void entry_unshare(struct pt_cursor *at, struct table_pool *pool, struct tlb_gather *gather) {
    const struct frame *frame = frame_of(pte_table_address(pt_cursor_load(at)));
    if (__atomic_load_n(&frame->table.share_count, __ATOMIC_ACQUIRE) == 1) {
        take_over(at, gather->table);
    } else {
        take_copy(at, pool, gather);
    }
}

void entry_enter_table(struct pt_cursor *at, struct table_pool *pool, struct tlb_gather *gather) {
    if (pte_is_shared_table(pt_cursor_load(at), at->level)) {
        entry_unshare(at, pool, gather);
    }
    pt_cursor_descend(at);
}

static void unshare_tables(struct virt_range range, struct table_pool *pool,
                           struct tlb_gather *gather) REQUIRES(gather) {
    struct pt_cursor at;
    pt_cursor_begin(&at, gather->table, range);
    while (at.is_valid) {
        pte_t entry = pt_cursor_load(&at);
        if (at.level > 1 && pte_kind(entry, at.level) == PTE_TABLE) {
            pt_cursor_descend(&at);
            continue;
        }
        if (pte_is_shared_table(entry, at.level)) {
            entry_unshare(&at, pool, gather);
        }
        pt_cursor_advance(&at);
    }
}

enum status page_table_unshare(struct page_table *table, struct virt_range range,
                               struct tlb_gather *gather) {
    CHECK(gather->table == table);
    struct table_pool pool;
    enum status status = STATUS_INVALID;
    if (range_belongs(table, range)) {
        status = table_pool_fill(&pool, table, shared_tables_met(table, range));
    }
    const struct table_event event = {
        .operation = TABLE_UNSHARE,
        .status = status,
        .table = table,
        .range = range,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    if (status != STATUS_OK) {
        return status;
    }
    unshare_tables(range, &pool, gather);
    table_pool_return(&pool, table);
    return STATUS_OK;
}
