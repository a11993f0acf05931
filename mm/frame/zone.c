#include "mm/frame/zone.h"

#include "lib/check.h"
#include "mm/frame/frame_array.h"

struct zone zones[ZONE_COUNT];

void zones_init(void) {
    for (unsigned i = 0; i < ZONE_COUNT; i++) {
        zones[i] = (struct zone){};
        for (unsigned order = 0; order < ORDER_COUNT; order++) {
            list_init(&zones[i].blocks[order]);
        }
    }
}

uint64_t zone_page_limit(uint64_t page) {
    switch (zone_index_of(page)) {
    case ZONE_LOW:
        return ZONE_LOW_PAGE_LIMIT;
    case ZONE_DMA32:
        return ZONE_DMA32_PAGE_LIMIT;
    case ZONE_NORMAL:
    case ZONE_COUNT:
        break;
    }
    return UINT64_MAX;
}

static void set_filled(struct zone *zone, uint32_t filled_orders) {
    __atomic_store_n(&zone->filled_orders, filled_orders, __ATOMIC_RELAXED);
}

static void insert_block(struct zone *zone, uint64_t page, unsigned order) {
    struct frame *frame = frame_at(page);
    frame->state = FRAME_FREE;
    frame->order = (uint8_t)order;
    list_push_front(&zone->blocks[order], &frame->free.link);
    set_filled(zone, zone->filled_orders | 1u << order);
}

static void remove_block(struct zone *zone, uint64_t page, unsigned order) {
    list_remove(&frame_at(page)->free.link);
    if (list_is_empty(&zone->blocks[order])) {
        set_filled(zone, zone->filled_orders & ~(1u << order));
    }
}

bool zone_take(struct zone *zone, unsigned order, enum frame_state state, uint64_t *page) {
    uint32_t fitting = zone->filled_orders >> order << order;
    if (fitting == 0) {
        return false;
    }
    unsigned found = (unsigned)__builtin_ctz(fitting);
    struct list_node *first = zone->blocks[found].next;
    *page = frame_page(LIST_ENTRY(first, struct frame, free.link));
    remove_block(zone, *page, found);
    while (found > order) {
        found--;
        insert_block(zone, *page + (1ull << found), found);
    }
    frame_at(*page)->state = state;
    zone->free_pages -= 1ull << order;
    zone->used_pages[state] += 1ull << order;
    return true;
}

/* Whether the block that could be joined with a neighbour of `order` is free as a whole. */
static bool is_free_block(uint64_t page, unsigned order, enum frame_zone zone_index) {
    if (zone_index_of(page) != zone_index) {
        return false;
    }
    /* The array has pages only where there is RAM. A close buddy is in its neighbour's page. */
    if (1ull << order >= FRAMES_PER_PAGE && !frame_page_exists(page)) {
        return false;
    }
    const struct frame *frame = frame_at(page);
    return frame->state == FRAME_FREE && frame->order == order;
}

void zone_give(struct zone *zone, uint64_t page, unsigned order) {
    enum frame_zone zone_index = zone_index_of(page);
    frame_at(page)->state = FRAME_FREE;
    zone->free_pages += 1ull << order;
    while (order < FRAME_ORDER_MAX) {
        uint64_t buddy = page ^ (1ull << order);
        if (!is_free_block(buddy, order, zone_index)) {
            break;
        }
        remove_block(zone, buddy, order);
        page &= ~(1ull << order);
        order++;
    }
    insert_block(zone, page, order);
}

/* The largest order at which a block can begin at `page` and end by `end`. */
static unsigned largest_order(uint64_t page, uint64_t end) {
    unsigned aligned = (unsigned)__builtin_ctzg(page, (int)FRAME_ORDER_MAX);
    unsigned fitting = 63 - (unsigned)__builtin_clzll(end - page);
    unsigned order = aligned < fitting ? aligned : fitting;
    return order < FRAME_ORDER_MAX ? order : FRAME_ORDER_MAX;
}

void zone_give_run(struct zone *zone, uint64_t first, uint64_t end) {
    CHECK(first == end || zone_index_of(first) == zone_index_of(end - 1));
    while (first < end) {
        unsigned order = largest_order(first, end);
        zone_give(zone, first, order);
        first += 1ull << order;
    }
}
