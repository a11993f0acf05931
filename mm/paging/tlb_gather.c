#include "mm/paging/tlb_gather.h"

#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"
#include "mm/paging/shared_table.h"
#include "mm/paging/table_event.h"

void tlb_gather_begin(struct tlb_gather *gather, struct page_table *table) NO_CAPABILITY_CHECK {
    gather->table = table;
    gather->request.scope = TLB_FLUSH_PAGES;
    gather->request.page_count = 0;
    gather->request.context_id = table->context_id;
    gather->shared_count = 0;
    list_init(&gather->dead_frames);
}

/* Kernel translations are global: reloading CR3 would not drop them (SDM 3A 4.10.2.4). */
void tlb_gather_everything(struct tlb_gather *gather) {
    bool is_kernel = gather->table->half == HALF_KERNEL;
    gather->request.scope = is_kernel ? TLB_FLUSH_ALL : TLB_FLUSH_CONTEXT;
}

void tlb_gather_leaf(struct tlb_gather *gather, virt_addr_t va) {
    struct tlb_flush *request = &gather->request;
    if (request->page_count == TLB_FLUSH_PAGE_MAX) {
        tlb_gather_everything(gather);
        return;
    }
    request->pages[request->page_count++] = va;
}

/* Whether the last page that was owed lies in the block: its INVLPG drops the upper entries too. */
static bool owes_page_within(const struct tlb_gather *gather, virt_addr_t va, unsigned level) {
    const struct tlb_flush *request = &gather->request;
    if (request->page_count == 0) {
        return false;
    }
    virt_addr_t page = request->pages[request->page_count - 1];
    return align_down(page.value ^ va.value, level_size(level)) == 0;
}

void tlb_gather_way(struct tlb_gather *gather, virt_addr_t va, unsigned level) {
    if (!owes_page_within(gather, va, level)) {
        tlb_gather_leaf(gather, va);
    }
}

static void bury(struct tlb_gather *gather, struct frame *frame) {
    list_push_back(&gather->dead_frames, &frame->listed.link);
}

void tlb_gather_table(struct tlb_gather *gather, phys_addr_t table) {
    bury(gather, frame_of(table));
}

/*
 * A CPU that begins to translate through the table enters the mask, then loads CR3; here the
 * entries are written, then the mask is read. With a full barrier on both sides either the CPU is
 * seen here, or it sees the entries as they are now (S3).
 */
static struct cpu_mask cpus_that_may_know(const struct page_table *table) {
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    struct cpu_mask cpus = {__atomic_load_n(&table->caching_cpus.bits, __ATOMIC_RELAXED)};
    return cpus;
}

static void trace(const struct tlb_gather *gather, enum table_operation operation,
                  const void *caller) {
    const struct table_event event = {
        .operation = operation,
        .table = gather->table,
        .flush = operation == TABLE_PAID ? NULL : &gather->request,
        .caller = caller,
    };
    platform_trace(&event);
}

static void flush(struct tlb_gather *gather, const void *caller) {
    struct tlb_flush *request = &gather->request;
    if (request->scope == TLB_FLUSH_PAGES && request->page_count == 0) {
        return;
    }
    request->cpus = cpus_that_may_know(gather->table);
    if (request->cpus.bits != 0) {
        trace(gather, TABLE_FLUSH_START, caller);
        platform_tlb_flush_start(request);
        platform_tlb_flush_wait(request);
        trace(gather, TABLE_FLUSH_DONE, caller);
    }
    request->scope = TLB_FLUSH_PAGES;
    request->page_count = 0;
}

static void count_down_shared(struct tlb_gather *gather) {
    while (gather->shared_count > 0) {
        struct frame *frame = gather->shared_frames[--gather->shared_count];
        if (frame->state == FRAME_TABLE) {
            shared_table_put(frame);
        } else {
            shared_page_put(frame);
        }
    }
}

static void pay(struct tlb_gather *gather, const void *caller) {
    flush(gather, caller);
    trace(gather, TABLE_PAID, caller);
    struct list_node *node;
    while ((node = list_pop_front(&gather->dead_frames)) != NULL) {
        frame_free(frame_address(LIST_ENTRY(node, struct frame, listed.link)));
    }
    count_down_shared(gather);
}

/* There are many of them only where much is unmapped at once. */
static void put_later(struct tlb_gather *gather, struct frame *frame, const void *caller) {
    if (gather->shared_count == SHARED_FRAME_MAX) {
        pay(gather, caller);
    }
    gather->shared_frames[gather->shared_count++] = frame;
}

void tlb_gather_frame(struct tlb_gather *gather, struct frame *frame) {
    uint32_t count = __atomic_load_n(&frame->map_count, __ATOMIC_ACQUIRE);
    CHECK(count > 0); /* F2 */
    if (frame->state == FRAME_FILE) {
        __atomic_fetch_sub(&frame->map_count, 1, __ATOMIC_RELAXED);
        return;
    }
    if (count == 1) {
        __atomic_store_n(&frame->map_count, 0, __ATOMIC_RELAXED);
        bury(gather, frame);
        return;
    }
    put_later(gather, frame, __builtin_return_address(0));
}

void tlb_gather_shared_table(struct tlb_gather *gather, phys_addr_t table) {
    put_later(gather, frame_of(table), __builtin_return_address(0));
}

void tlb_gather_finish(struct tlb_gather *gather) NO_CAPABILITY_CHECK {
    pay(gather, __builtin_return_address(0));
}
