#include "mm/paging/entry.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

static void change_entry(struct pt_cursor *at, struct pte_form form, struct tlb_gather *gather)
    REQUIRES(gather) {
    pte_t old = pt_cursor_load(at);
    pte_t next;
    do {
        next = pte_reformed(old, form, at->level);
    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));
    entry_owe_change(at, old, next, gather);
}

static void change_range(struct virt_range range, struct pte_form form, struct table_pool *pool,
                         struct tlb_gather *gather) REQUIRES(gather) {
    struct pt_cursor at;
    pt_cursor_begin(&at, gather->table, range);
    while (at.is_valid) {
        switch (pte_kind(pt_cursor_load(&at), at.level)) {
        case PTE_TABLE:
            pt_cursor_descend(&at);
            continue;
        case PTE_LEAF:
        case PTE_PARKED:
            if (!pt_cursor_covers_entry(&at)) {
                entry_split(&at, pool, gather);
                continue;
            }
            change_entry(&at, form, gather);
            break;
        case PTE_ABSENT:
            break;
        }
        pt_cursor_advance(&at);
    }
}

enum status page_table_protect(struct page_table *table, struct virt_range range,
                               struct page_attributes attributes, struct tlb_gather *gather) {
    CHECK(gather->table == table);
    struct table_pool pool;
    enum status status = STATUS_INVALID;
    if (range_belongs(table, range) && rights_belong(table, attributes)) {
        status = table_pool_fill(&pool, table, tables_to_cut_out(table, range));
    }
    const struct table_event event = {
        .operation = TABLE_PROTECT,
        .status = status,
        .table = table,
        .range = range,
        .attributes = attributes,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    if (status != STATUS_OK) {
        return status;
    }
    change_range(range, pte_form(attributes, false), &pool, gather);
    table_pool_end(&pool);
    return STATUS_OK;
}
