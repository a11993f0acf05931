#include "mm/paging/entry.h"
#include "mm/paging/page_table.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"

/* What the leaves become: of a frame's only owner, and of one among several. */
struct forms {
    struct pte_form of_own;
    struct pte_form of_common;
    bool is_kernel; /* whose pages are never copied on a write */
};

static struct forms forms_of(const struct page_table *table, struct page_attributes attributes) {
    struct page_attributes read_only = attributes;
    read_only.rights &= (uint8_t)~RIGHT_WRITE;
    struct forms forms = {
        .of_own = pte_form(attributes, false),
        .of_common = pte_form(read_only, false),
        .is_kernel = table->half == HALF_KERNEL,
    };
    return forms;
}

/* A frame that a process maps without owning it is the page of zeroes; devices have no frames. */
static bool is_common_page(pte_t pte, unsigned level) {
    phys_addr_t pa = pte_page(pte, level);
    if (!pte_is_owned(pte)) {
        return frame_exists(pa);
    }
    const struct frame *frame = frame_of(pa);
    return frame->state == FRAME_FILE || __atomic_load_n(&frame->map_count, __ATOMIC_ACQUIRE) > 1;
}

/* What becomes of an entry: what others have too stays read-only until it is copied. */
static pte_t changed_entry(pte_t old, const struct forms *forms, unsigned level) {
    bool is_common = !forms->is_kernel && is_common_page(old, level);
    return pte_reformed(old, is_common ? forms->of_common : forms->of_own, level);
}

static void change_entry(struct pt_cursor *at, const struct forms *forms, struct tlb_gather *gather)
    REQUIRES(gather) {
    pte_t old = pt_cursor_load(at);
    pte_t next;
    do {
        next = changed_entry(old, forms, at->level);
    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));
    entry_owe_change(at, old, next, gather);
}

static void change_range(struct virt_range range, const struct forms *forms,
                         struct table_pool *pool, struct tlb_gather *gather) REQUIRES(gather) {
    struct pt_cursor at;
    pt_cursor_begin(&at, gather->table, range);
    while (at.is_valid) {
        switch (pte_kind(pt_cursor_load(&at), at.level)) {
        case PTE_TABLE:
            entry_enter_table(&at, pool, gather);
            continue;
        case PTE_LEAF:
        case PTE_PARKED:
            if (!pt_cursor_covers_entry(&at)) {
                entry_split(&at, pool, gather);
                continue;
            }
            change_entry(&at, forms, gather);
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
        uint64_t count = tables_to_cut_out(table, range) + shared_tables_met(table, range);
        status = table_pool_fill(&pool, table, count);
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
    const struct forms forms = forms_of(table, attributes);
    change_range(range, &forms, &pool, gather);
    table_pool_return(&pool, table);
    return STATUS_OK;
}
