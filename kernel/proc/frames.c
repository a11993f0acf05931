#include "kernel/proc/tables.h"
#include "kernel/proc/text/frames_text.h"
#include "lib/memory.h"
#include "mm/addr/addr.h"
#include "mm/frame/frame.h"

/* /proc/frames and /proc/buddyinfo: physical memory. */

static const char *const STATE_WORDS[FRAME_STATE_COUNT] = {
    [FRAME_RESERVED] = "reserved", [FRAME_FREE] = "free", [FRAME_TABLE] = "table",
    [FRAME_ANON] = "anonymous",    [FRAME_FILE] = "file", [FRAME_KERNEL] = "kernel",
};

/* How many pages are looked at as one: a free block is as large as its order says. It may have been
 * handed out since, and what lies in its place is no order then. */
static uint64_t pages_at(uint64_t page, enum frame_state state) {
    const struct frame *frame = frame_of(phys_addr(page << PAGE_SHIFT));
    unsigned order = __atomic_load_n(&frame->order, __ATOMIC_RELAXED);
    return state == FRAME_FREE && order <= FRAME_ORDER_MAX ? 1ull << order : 1;
}

static const char *state_at(uint64_t page) {
    return STATE_WORDS[frame_state_of(phys_addr(page << PAGE_SHIFT))];
}

static bool goes_on(const struct frame_run *run, uint64_t page) {
    return run->state == nullptr ||
           (run->first + run->count == page && run->state == state_at(page));
}

/* One run, from the page at the cursor on, or from the first one behind it that there is. */
enum status frames_show_next(const struct made_view *view, uint64_t *cursor,
                             const struct text_sink *sink) {
    struct frame_run run = {};
    uint64_t end = frame_page_limit();
    uint64_t page = *cursor;
    (void)view;
    while (page < end) {
        phys_addr_t pa = phys_addr(page << PAGE_SHIFT);
        if (!frame_exists(pa)) {
            page++;
            continue;
        }
        if (!goes_on(&run, page)) {
            break;
        }
        enum frame_state state = frame_state_of(pa);
        uint64_t count = pages_at(page, state);
        count = count < end - page ? count : end - page;
        frame_run_add(sink, &run, page, count, STATE_WORDS[state]);
        page += count;
    }
    frame_run_end(sink, &run);
    *cursor = page;
    return STATUS_OK;
}

struct block_counts {
    uint64_t counts[ZONE_COUNT][FRAME_ORDER_MAX + 1];
};

static void count_block(void *context, phys_addr_t pa, unsigned order, enum frame_zone zone) {
    struct block_counts *blocks = context;
    (void)pa;
    blocks->counts[zone][order]++;
}

enum status buddies_show(const struct made_view *view, const struct text_sink *sink) {
    static const char *const names[ZONE_COUNT] = {"DMA", "DMA32", "Normal"};
    struct block_counts blocks = {};
    (void)view;
    frame_for_each_free_block(count_block, &blocks);
    for (unsigned zone = 0; zone < ZONE_COUNT; zone++) {
        format_to(sink, "Node 0, zone %8s ", names[zone]);
        for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++) {
            format_to(sink, "%6llu ", (unsigned long long)blocks.counts[zone][order]);
        }
        format_to(sink, "\n");
    }
    return STATUS_OK;
}
