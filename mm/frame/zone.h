#pragma once

#include "lib/capability.h"
#include "lib/spinlock.h"
#include "mm/frame/frame.h"
#include "mm/platform.h"

/*
 * The buddy allocator of one zone (Knuth, TAOCP 1, 2.5): free blocks of 1 << order pages, aligned
 * to their size, on a list for each order. No two free buddies stay apart (F4); a block never
 * leaves its zone. Private to the room.
 */

constexpr unsigned ORDER_COUNT = FRAME_ORDER_MAX + 1;
constexpr uint64_t ZONE_LOW_PAGE_LIMIT = (1ull << 20) >> PAGE_SHIFT;
constexpr uint64_t ZONE_DMA32_PAGE_LIMIT = (1ull << 32) >> PAGE_SHIFT;

struct zone {
    struct spinlock lock;
    uint32_t filled_orders; /* bit n: blocks[n] is not empty; guarded by lock, but see below */
    uint64_t free_pages;    /* guarded by lock */
    uint64_t used_pages[FRAME_STATE_COUNT]; /* by state; guarded by lock */
    struct list_node blocks[ORDER_COUNT];   /* first frames of free blocks; guarded by lock */
};

static_assert(ORDER_COUNT <= 32); /* filled_orders */

extern struct zone zones[ZONE_COUNT];

/* Makes every zone empty. */
void zones_init(void);

/* The zone that the page lies in, and the first page above that zone. */
static inline enum frame_zone zone_index_of(uint64_t page) {
    if (page < ZONE_LOW_PAGE_LIMIT) {
        return ZONE_LOW;
    }
    return page < ZONE_DMA32_PAGE_LIMIT ? ZONE_DMA32 : ZONE_NORMAL;
}

static inline struct zone *zone_of(uint64_t page) {
    return &zones[zone_index_of(page)];
}

uint64_t zone_page_limit(uint64_t page);

/* Pre-emption is off while a zone is locked. */
static inline void zone_lock(struct zone *zone) ACQUIRES(&zone->lock) {
    platform_preempt_disable();
    spinlock_acquire(&zone->lock);
}

static inline void zone_unlock(struct zone *zone) RELEASES(&zone->lock) {
    spinlock_release(&zone->lock);
    platform_preempt_enable();
}

/* Whether zone_take is worth the lock: reads filled_orders without it, so it may be out of date. */
static inline bool zone_may_have(const struct zone *zone, unsigned order) {
    return __atomic_load_n(&zone->filled_orders, __ATOMIC_RELAXED) >> order != 0;
}

/*
 * Takes a free block for `state`. Its first frame says so from here on; the others still say
 * nothing. False where no block is large enough.
 */
[[nodiscard]] bool zone_take(struct zone *zone, unsigned order, enum frame_state state,
                             uint64_t *page) REQUIRES(&zone->lock);

/* Gives an aligned block, none of whose pages is free, back, and joins it with its free buddies. */
void zone_give(struct zone *zone, uint64_t page, unsigned order) REQUIRES(&zone->lock);

/* zone_give for any run of pages of the zone, in the largest blocks that fit. */
void zone_give_run(struct zone *zone, uint64_t first, uint64_t end) REQUIRES(&zone->lock);
