#include "mm/frame/frame.h"

#include "mm/frame/early.h"
#include "mm/frame/early_runs.h"
#include "mm/frame/frame_array.h"
#include "mm/frame/zone.h"
#include "mm/platform.h"

static bool take_from(struct zone *zone, unsigned order, enum frame_state state, uint64_t *page) {
    if (!zone_may_have(zone, order)) {
        return false;
    }
    zone_lock(zone);
    bool is_taken = zone_take(zone, order, state, page);
    zone_unlock(zone);
    return is_taken;
}

static enum status take_pages(unsigned order, enum frame_state state, enum frame_zone zone,
                              uint64_t *page) {
    CHECK(state != FRAME_FREE && state != FRAME_RESERVED);
    bool is_taken = take_from(&zones[zone], order, state, page) ||
                    (zone == ZONE_NORMAL && take_from(&zones[ZONE_DMA32], order, state, page));
    return is_taken ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status early_frame_alloc(enum frame_zone zone, phys_addr_t *pa) {
    switch (zone) {
    case ZONE_NORMAL:
        return early_alloc(1, PAGE_SIZE, pa);
    case ZONE_DMA32:
        return early_alloc_below(1, PAGE_SIZE, ZONE_DMA32_PAGE_LIMIT, pa);
    case ZONE_LOW:
    case ZONE_COUNT:
        break;
    }
    return STATUS_NO_MEMORY;
}

enum status frame_alloc(enum frame_state state, enum frame_zone zone, phys_addr_t *pa) {
    if (early_is_open()) {
        return early_frame_alloc(zone, pa);
    }
    return frame_alloc_block(0, state, zone, pa);
}

enum status frame_alloc_zeroed(enum frame_state state, enum frame_zone zone, phys_addr_t *pa) {
    enum status status = frame_alloc(state, zone, pa);
    if (status == STATUS_OK) {
        __builtin_memset(platform_phys_to_virt(*pa), 0, PAGE_SIZE);
    }
    return status;
}

enum status frame_alloc_block(unsigned order, enum frame_state state, enum frame_zone zone,
                              phys_addr_t *pa) {
    CHECK(order <= FRAME_ORDER_MAX);
    uint64_t page;
    enum status status = take_pages(order, state, zone, &page);
    if (status != STATUS_OK) {
        return status;
    }
    frame_set_used(frame_at(page), state, 0);
    frame_at(page)->order = (uint8_t)order;
    for (uint64_t i = 1; i < 1ull << order; i++) {
        frame_set_used(frame_at(page + i), state, FRAME_INSIDE_BLOCK);
    }
    *pa = phys_addr(page << PAGE_SHIFT);
    return STATUS_OK;
}

/* The order of the smallest block that holds `page_count` pages. */
static unsigned order_for(uint64_t page_count) {
    return 64 - (unsigned)__builtin_clzg(page_count - 1, 64);
}

/* Gives [first, end) back, the rest of a block that was allocated for `state`. */
static void give_rest(uint64_t first, uint64_t end, enum frame_state state) {
    struct zone *zone = zone_of(first);
    zone_lock(zone);
    zone->used_pages[state] -= end - first;
    zone_give_run(zone, first, end);
    zone_unlock(zone);
}

enum status frame_alloc_contiguous(uint64_t page_count, uint64_t alignment, enum frame_state state,
                                   enum frame_zone zone, phys_addr_t *pa) {
    CHECK(page_count > 0 && alignment >= PAGE_SIZE && is_power_of_two(alignment));
    unsigned order = order_for(page_count);
    unsigned alignment_order = order_for(alignment >> PAGE_SHIFT);
    order = order > alignment_order ? order : alignment_order;
    uint64_t page;
    if (order > FRAME_ORDER_MAX || take_pages(order, state, zone, &page) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    for (uint64_t i = 0; i < page_count; i++) {
        frame_set_used(frame_at(page + i), state, 0);
    }
    give_rest(page + page_count, page + (1ull << order), state);
    *pa = phys_addr(page << PAGE_SHIFT);
    return STATUS_OK;
}

/* Makes all frames of a block FREE but the first, which becomes so under the zone's lock. */
static void retire_block(struct frame *first) {
    CHECK(first->map_count == 0); /* F3 */
    for (uint64_t i = 1; i < 1ull << first->order; i++) {
        CHECK(first[i].map_count == 0); /* F3 */
        first[i].state = FRAME_FREE;
    }
}

void frame_free(phys_addr_t pa) {
    struct frame *frame = frame_of(pa);
    enum frame_state state = frame->state;
    unsigned order = frame->order;
    CHECK(is_aligned(pa.value, PAGE_SIZE));
    CHECK(state != FRAME_FREE && state != FRAME_RESERVED); /* F1 */
    CHECK((frame->flags & FRAME_INSIDE_BLOCK) == 0);
    retire_block(frame);
    struct zone *zone = zone_of(frame_page(frame));
    zone_lock(zone);
    bool is_still_used = frame->state == state;
    if (is_still_used) {
        zone->used_pages[state] -= 1ull << order;
        zone_give(zone, frame_page(frame), order);
    }
    zone_unlock(zone);
    CHECK(is_still_used); /* F1: another CPU has freed it at the same moment */
}

struct frame_counts frame_count(void) {
    struct frame_counts counts = {};
    for (unsigned i = 0; i < ZONE_COUNT; i++) {
        struct zone *zone = &zones[i];
        zone_lock(zone);
        counts.free_by_zone[i] = zone->free_pages;
        counts.by_state[FRAME_FREE] += zone->free_pages;
        counts.total += zone->free_pages;
        for (unsigned state = 0; state < FRAME_STATE_COUNT; state++) {
            counts.by_state[state] += zone->used_pages[state];
            counts.total += zone->used_pages[state];
        }
        zone_unlock(zone);
    }
    return counts;
}

static void visit_blocks(struct zone *zone, enum frame_zone zone_index,
                         void (*visit)(void *context, phys_addr_t pa, unsigned order,
                                       enum frame_zone zone),
                         void *context) {
    for (unsigned order = 0; order < ORDER_COUNT; order++) {
        const struct list_node *head = &zone->blocks[order];
        for (struct list_node *node = head->next; node != head; node = node->next) {
            const struct frame *frame = LIST_ENTRY(node, struct frame, free.link);
            visit(context, frame_address(frame), order, zone_index);
        }
    }
}

void frame_for_each_free_block(void (*visit)(void *context, phys_addr_t pa, unsigned order,
                                             enum frame_zone zone),
                               void *context) {
    for (unsigned i = 0; i < ZONE_COUNT; i++) {
        struct zone *zone = &zones[i];
        zone_lock(zone);
        visit_blocks(zone, (enum frame_zone)i, visit, context);
        zone_unlock(zone);
    }
}
