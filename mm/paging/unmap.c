#include "mm/frame/frame.h"
#include "mm/paging/entry.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

/* What becomes of the frames that owned entries reached. */
enum frame_fate : uint8_t { FRAMES_FREED, FRAMES_KEPT };

static void drop_frame(pte_t old, enum frame_fate fate, struct tlb_gather *gather)
    REQUIRES(gather) {
    struct frame *frame = frame_of(pte_page(old, 0));
    if (fate == FRAMES_FREED) {
        tlb_gather_frame(gather, frame);
        return;
    }
    uint32_t before = __atomic_fetch_sub(&frame->map_count, 1, __ATOMIC_ACQ_REL);
    CHECK(before > 0); /* F2 */
}

/* Returns how many pages the entry held. */
static uint64_t remove_entry(struct pt_cursor *at, enum frame_fate fate, struct tlb_gather *gather)
    REQUIRES(gather) {
    pte_t old = pte_exchange(pt_cursor_slot(at), pte_absent());
    entry_owe_change(at, old, pte_absent(), gather);
    table_count_entries(gather->table, pt_cursor_table(at), -1);
    if (pte_is_owned(old)) {
        drop_frame(old, fate, gather);
    }
    return level_size(at->level) >> PAGE_SHIFT;
}

/* A shared table that is not needed any more is left to the others as it is. */
static bool drops_shared_table(const struct pt_cursor *at) {
    return pte_is_shared_table(pt_cursor_load(at), at->level) && covers_user_part(at);
}

static uint64_t remove_range(struct virt_range range, enum frame_fate fate, struct table_pool *pool,
                             struct tlb_gather *gather) REQUIRES(gather) {
    struct pt_cursor at;
    uint64_t removed = 0;
    pt_cursor_begin(&at, gather->table, range);
    while (at.is_valid) {
        pt_cursor_skip_absent(&at);
        switch (pte_kind(pt_cursor_load(&at), at.level)) {
        case PTE_TABLE:
            if (drops_shared_table(&at)) {
                CHECK(fate == FRAMES_FREED);
                removed += entry_drop_shared_table(&at, gather);
                break;
            }
            entry_enter_table(&at, pool, gather);
            continue;
        case PTE_LEAF:
        case PTE_PARKED:
            if (!pt_cursor_covers_entry(&at)) {
                entry_split(&at, pool, gather);
                continue;
            }
            removed += remove_entry(&at, fate, gather);
            break;
        case PTE_ABSENT:
            break;
        }
        while (pt_cursor_climb(&at)) {
            entry_drop_empty_table(&at, gather);
        }
    }
    return removed;
}

static bool has_gap(const struct page_table *table, struct virt_range range) {
    struct pt_cursor at;
    pt_cursor_begin(&at, table, range);
    while (at.is_valid) {
        switch (pte_kind(pt_cursor_load(&at), at.level)) {
        case PTE_TABLE:
            pt_cursor_descend(&at);
            continue;
        case PTE_ABSENT:
            return true;
        case PTE_LEAF:
        case PTE_PARKED:
            break;
        }
        pt_cursor_advance(&at);
    }
    return false;
}

/* Takes what removing the range needs, for the operation of the event. */
static enum status take_tables(const struct table_event *event, struct table_pool *pool) {
    if (!range_belongs(event->table, event->range)) {
        return STATUS_INVALID;
    }
    if (event->operation == TABLE_UNMAP_STRICT && has_gap(event->table, event->range)) {
        return STATUS_NOT_FOUND;
    }
    uint64_t count = tables_to_cut_out(event->table, event->range) +
                     shared_tables_cut(event->table, event->range);
    return table_pool_fill(pool, event->table, count);
}

/* The event says which kind of unmap, of what, for whom. */
static enum status unmap(struct table_event *event, struct tlb_gather *gather,
                         uint64_t *unmapped_pages) REQUIRES(gather) {
    const struct page_table *table = event->table;
    CHECK(gather->table == table);
    struct table_pool pool;
    event->status = take_tables(event, &pool);
    platform_trace(event);
    if (event->status != STATUS_OK) {
        return event->status;
    }
    enum frame_fate fate =
        event->operation == TABLE_UNMAP_KEEPING_FRAMES ? FRAMES_KEPT : FRAMES_FREED;
    uint64_t removed = remove_range(event->range, fate, &pool, gather);
    table_pool_return(&pool, table);
    if (unmapped_pages != NULL) {
        *unmapped_pages = removed;
    }
    return STATUS_OK;
}

enum status page_table_unmap(struct page_table *table, struct virt_range range,
                             struct tlb_gather *gather, uint64_t *unmapped_pages) {
    struct table_event event = {
        .operation = TABLE_UNMAP,
        .table = table,
        .range = range,
        .caller = __builtin_return_address(0),
    };
    return unmap(&event, gather, unmapped_pages);
}

enum status page_table_unmap_keeping_frames(struct page_table *table, struct virt_range range,
                                            struct tlb_gather *gather, uint64_t *unmapped_pages) {
    struct table_event event = {
        .operation = TABLE_UNMAP_KEEPING_FRAMES,
        .table = table,
        .range = range,
        .caller = __builtin_return_address(0),
    };
    return unmap(&event, gather, unmapped_pages);
}

enum status page_table_unmap_strict(struct page_table *table, struct virt_range range,
                                    struct tlb_gather *gather) {
    struct table_event event = {
        .operation = TABLE_UNMAP_STRICT,
        .table = table,
        .range = range,
        .caller = __builtin_return_address(0),
    };
    return unmap(&event, gather, NULL);
}
