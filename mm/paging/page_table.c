#include "mm/paging/page_table.h"

#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/paging/cursor.h"
#include "mm/paging/plan.h"
#include "mm/paging/table_event.h"
#include "mm/paging/table_pool.h"

constexpr unsigned FIRST_KERNEL_SLOT = TABLE_ENTRIES / 2;

struct virt_range page_table_half_range(const struct page_table *table) {
    if (table->half == HALF_USER) {
        return virt_range(virt_addr(0), USER_END >> PAGE_SHIFT);
    }
    uint64_t half_size = level_size(table->levels - 1u) * (TABLE_ENTRIES / 2);
    return virt_range(virt_addr(-half_size), half_size >> PAGE_SHIFT);
}

static void trace_whole(enum table_operation operation, enum status status,
                        const struct page_table *table, const void *caller) {
    const struct table_event event = {
        .operation = operation,
        .status = status,
        .table = table,
        .range = page_table_half_range(table),
        .caller = caller,
    };
    platform_trace(&event);
}

/* An empty root of the machine's number of levels. */
static enum status create(struct page_table *table, enum page_table_half half, bool has_frames,
                          const void *caller) {
    *table = (struct page_table){
        .levels = platform_features()->paging_levels,
        .half = half,
        .has_frames = has_frames,
    };
    struct table_pool pool;
    enum status status = table_pool_fill(&pool, table, 1);
    if (status == STATUS_OK) {
        table->root = table_pool_take(&pool, table, table->levels - 1u);
    }
    trace_whole(TABLE_CREATE, status, table, caller);
    return status;
}

enum status page_table_create_kernel(struct page_table *table) {
    enum status status = create(table, HALF_KERNEL, false, __builtin_return_address(0));
    table->caching_cpus.bits = UINT64_MAX;
    return status;
}

static void share_kernel_half(struct page_table *table, const struct page_table *kernel) {
    pte_t *to = (pte_t *)platform_phys_to_virt(table->root);
    const pte_t *from = (const pte_t *)platform_phys_to_virt(kernel->root);
    for (unsigned i = FIRST_KERNEL_SLOT; i < TABLE_ENTRIES; i++) {
        pte_t shared = pte_load(&from[i]);
        pte_publish(&to[i], shared);
        if (pte_is_present(shared)) {
            table_count_entries(table, table->root, 1);
        }
    }
}

enum status page_table_create_user(struct page_table *table, const struct page_table *kernel) {
    CHECK(kernel->half == HALF_KERNEL && kernel->has_frames);
    enum status status = create(table, HALF_USER, true, __builtin_return_address(0));
    if (status == STATUS_OK) {
        share_kernel_half(table, kernel);
    }
    return status;
}

enum status page_table_destroy_user(struct page_table *table) {
    CHECK(table->half == HALF_USER);
    const void *caller = __builtin_return_address(0);
    if (__atomic_load_n(&table->active_cpus.bits, __ATOMIC_SEQ_CST) != 0) {
        trace_whole(TABLE_DESTROY, STATUS_BUSY, table, caller);
        return STATUS_BUSY;
    }
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_unmap(table, page_table_half_range(table), &gather, NULL);
    CHECK(status == STATUS_OK); /* nothing sticks out of the whole half, so nothing is split */
    trace_whole(TABLE_DESTROY, STATUS_OK, table, caller);
    tlb_gather_table(&gather, table->root);
    tlb_gather_finish(&gather);
    return STATUS_OK;
}

static void commit_reserve(struct page_table *table, struct virt_range range, unsigned level,
                           struct table_pool *pool) {
    struct pt_cursor at;
    pt_cursor_begin(&at, table, range);
    while (at.is_valid) {
        enum pte_kind kind = pte_kind(pt_cursor_load(&at), at.level);
        if (kind == PTE_TABLE && at.level > level) {
            pt_cursor_descend(&at);
        } else if (kind == PTE_ABSENT && at.level > level) {
            table_attach(table, &at, pool);
        } else {
            pt_cursor_advance(&at);
        }
    }
}

enum status page_table_reserve(struct page_table *table, struct virt_range range, unsigned level) {
    struct table_pool pool;
    enum status status = STATUS_INVALID;
    if (range_belongs(table, range)) {
        status = table_pool_fill(&pool, table, tables_to_reserve(table, range, level));
    }
    const struct table_event event = {
        .operation = TABLE_RESERVE,
        .level = (uint8_t)level,
        .status = status,
        .table = table,
        .range = range,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    if (status != STATUS_OK) {
        return status;
    }
    commit_reserve(table, range, level, &pool);
    table_pool_end(&pool);
    return STATUS_OK;
}

/* Returns whether the CPU was there before. */
static bool enter_mask(struct cpu_mask *mask, uint64_t cpu_bit) {
    return (__atomic_fetch_or(&mask->bits, cpu_bit, __ATOMIC_SEQ_CST) & cpu_bit) != 0;
}

static void leave_mask(struct cpu_mask *mask, uint64_t cpu_bit) {
    __atomic_fetch_and(&mask->bits, ~cpu_bit, __ATOMIC_SEQ_CST);
}

/* `next` is loaded: the CPU no longer walks `previous`, and has forgotten it if loading the same
 * context anew made it (SDM 3A 4.10.4.1, MOV to CR3). */
static void leave_table(struct page_table *previous, const struct page_table *next,
                        uint64_t cpu_bit) {
    leave_mask(&previous->active_cpus, cpu_bit);
    if (previous->half == HALF_USER && previous->context_id == next->context_id) {
        leave_mask(&previous->caching_cpus, cpu_bit);
    }
}

void page_table_activate(struct page_table *table, struct page_table *previous) {
    const struct table_event event = {
        .operation = TABLE_ACTIVATE,
        .table = table,
        .other = previous,
        .caller = __builtin_return_address(0),
    };
    platform_trace(&event);
    uint64_t cpu_bit = 1ull << platform_current_cpu();
    bool was_caching = enter_mask(&table->caching_cpus, cpu_bit);
    enter_mask(&table->active_cpus, cpu_bit);
    bool has_own_context = table->context_id != 0 && platform_features()->has_pcid;
    struct activation next = {
        .root = table->root,
        .context_id = has_own_context ? table->context_id : 0, /* CR3 has PCD and PWT there */
        .keeps_translations = has_own_context && was_caching,
    };
    __atomic_thread_fence(__ATOMIC_SEQ_CST); /* S3: in the mask first, then CR3 */
    platform_activate(&next);
    if (previous != NULL && previous != table) {
        leave_table(previous, table, cpu_bit);
    }
}
