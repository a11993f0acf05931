#include "mm/frame/frame.h"

#include "mm/frame/early.h"
#include "mm/frame/early_runs.h"
#include "mm/frame/frame_array.h"
#include "mm/frame/zone.h"
#include "mm/platform.h"

struct frame *frame_array;

/* fixed by frame_init */
static const struct memory_map *frame_map;
static uint64_t page_limit;
static uint64_t direct_map_offset; /* from a physical address to where the kernel sees it */

static struct zone zones[ZONE_COUNT];

static struct page_run usable_run(const struct memory_region *region) {
    if (region->type != MEMORY_USABLE) {
        return (struct page_run){0, 0};
    }
    return (struct page_run){region->base >> PAGE_SHIFT,
                             (region->base + region->size_bytes) >> PAGE_SHIFT};
}

static uint64_t page_limit_of(const struct memory_map *map) {
    uint64_t limit = 0;
    for (size_t i = 0; i < map->count; i++) {
        struct page_run run = usable_run(&map->regions[i]);
        limit = run.end > limit ? run.end : limit;
    }
    return limit;
}

uint64_t frame_array_size_bytes(const struct memory_map *map) {
    return page_limit_of(map) * sizeof(struct frame);
}

/* The part of `run` that lies below the end of the zone that it begins in. */
static struct page_run first_zone_part(struct page_run run) {
    static const uint64_t zone_limits[ZONE_COUNT] = {
        [ZONE_LOW] = ZONE_LOW_PAGE_LIMIT,
        [ZONE_DMA32] = ZONE_DMA32_PAGE_LIMIT,
        [ZONE_NORMAL] = UINT64_MAX,
    };
    uint64_t limit = zone_limits[zone_index_of(run.first)];
    return (struct page_run){run.first, run.end < limit ? run.end : limit};
}

static void give_run(struct page_run run) {
    while (run.first < run.end) {
        struct page_run part = first_zone_part(run);
        struct zone *zone = &zones[zone_index_of(part.first)];
        zone_lock(zone);
        zone_give_run(zone, part.first, part.end);
        zone_unlock(zone);
        run.first = part.end;
    }
}

static void set_used(struct frame *frame, enum frame_state state, uint8_t flags) {
    *frame = (struct frame){.state = state, .flags = flags};
}

/* Makes the pages of `run`, which the boot took, FRAME_KERNEL. */
static void keep_run(struct page_run run) {
    for (uint64_t page = run.first; page < run.end; page++) {
        set_used(frame_at(page), FRAME_KERNEL, 0);
        zones[zone_index_of(page)].used_pages[FRAME_KERNEL]++;
    }
}

static struct page_run intersection(struct page_run a, struct page_run b) {
    uint64_t first = a.first > b.first ? a.first : b.first;
    uint64_t end = a.end < b.end ? a.end : b.end;
    return (struct page_run){first, end > first ? end : first};
}

/* Shares a usable run out: what the boot took is kept, what is between is free. */
static void share_out(struct page_run usable) {
    size_t count;
    const struct page_run *taken = early_taken(&count);
    for (size_t i = 0; i < count; i++) {
        struct page_run kept = intersection(usable, taken[i]);
        if (kept.first == kept.end) {
            continue;
        }
        keep_run(kept);
        give_run((struct page_run){usable.first, kept.first});
        usable.first = kept.end;
    }
    give_run(usable);
}

/* The direct map is linear, so one page of RAM tells where all of it is seen. */
static uint64_t find_direct_map_offset(const struct memory_map *map) {
    size_t i = 0;
    while (map->regions[i].type != MEMORY_USABLE) {
        i++;
    }
    uint64_t pa = map->regions[i].base;
    return (uint64_t)platform_phys_to_virt(phys_addr(pa)) - pa;
}

void frame_init(struct frame *array, const struct memory_map *map) {
    early_end();
    frame_array = array;
    frame_map = map;
    page_limit = page_limit_of(map);
    direct_map_offset = find_direct_map_offset(map);
    for (unsigned i = 0; i < ZONE_COUNT; i++) {
        zone_init(&zones[i]);
    }
    for (size_t i = 0; i < map->count; i++) {
        share_out(usable_run(&map->regions[i]));
    }
}

bool frame_page_exists(uint64_t page) {
    for (size_t i = 0; i < frame_map->count; i++) {
        struct page_run run = usable_run(&frame_map->regions[i]);
        if (page >= run.first && page < run.end) {
            return true;
        }
    }
    return false;
}

bool frame_exists(phys_addr_t pa) {
    return frame_page_exists(pa.value >> PAGE_SHIFT);
}

struct frame *frame_of(phys_addr_t pa) {
    CHECK(pa.value >> PAGE_SHIFT < page_limit);
    return frame_at(pa.value >> PAGE_SHIFT);
}

struct frame *frame_of_pointer(const void *pointer) {
    return frame_of(phys_addr((uint64_t)pointer - direct_map_offset));
}

phys_addr_t frame_address(const struct frame *frame) {
    return phys_addr(frame_page(frame) << PAGE_SHIFT);
}

uint64_t frame_page_limit(void) {
    return page_limit;
}

/* Whether a free block begins at some page that `page` could be inside of. */
static bool is_inside_free_block(uint64_t page) {
    for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++) {
        uint64_t first = align_down(page, 1ull << order);
        if (!frame_page_exists(first)) {
            return false;
        }
        const struct frame *frame = frame_at(first);
        if (frame->state == FRAME_FREE && frame->order >= order) {
            return true;
        }
    }
    return false;
}

enum frame_state frame_state_of(phys_addr_t pa) {
    const struct frame *frame = frame_of(pa);
    if (frame->state != FRAME_RESERVED) {
        return frame->state;
    }
    return is_inside_free_block(pa.value >> PAGE_SHIFT) ? FRAME_FREE : FRAME_RESERVED;
}

static bool take_from(enum frame_zone zone_index, unsigned order, enum frame_state state,
                      uint64_t *page) {
    struct zone *zone = &zones[zone_index];
    zone_lock(zone);
    bool is_taken = zone_take(zone, order, state, page);
    zone_unlock(zone);
    return is_taken;
}

static enum status take_pages(unsigned order, enum frame_state state, enum frame_zone zone,
                              uint64_t *page) {
    CHECK(state != FRAME_FREE && state != FRAME_RESERVED);
    bool is_taken = take_from(zone, order, state, page) ||
                    (zone == ZONE_NORMAL && take_from(ZONE_DMA32, order, state, page));
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
    set_used(frame_at(page), state, 0);
    frame_at(page)->order = (uint8_t)order;
    for (uint64_t i = 1; i < 1ull << order; i++) {
        set_used(frame_at(page + i), state, FRAME_INSIDE_BLOCK);
    }
    *pa = phys_addr(page << PAGE_SHIFT);
    return STATUS_OK;
}

/* The order of the smallest block that holds `page_count` pages. */
static unsigned order_for(uint64_t page_count) {
    return page_count == 1 ? 0 : 64 - (unsigned)__builtin_clzll(page_count - 1);
}

/* Gives [first, end) back, the rest of a block that was allocated for `state`. */
static void give_rest(uint64_t first, uint64_t end, enum frame_state state) {
    struct zone *zone = &zones[zone_index_of(first)];
    zone_lock(zone);
    zone->used_pages[state] -= end - first;
    zone_give_run(zone, first, end);
    zone_unlock(zone);
}

enum status frame_alloc_contiguous(uint64_t page_count, uint64_t alignment, enum frame_state state,
                                   enum frame_zone zone, phys_addr_t *pa) {
    CHECK(page_count > 0 && alignment >= PAGE_SIZE && is_aligned(1ull << 63, alignment));
    unsigned order = order_for(page_count);
    unsigned alignment_order = order_for(alignment >> PAGE_SHIFT);
    order = order > alignment_order ? order : alignment_order;
    uint64_t page;
    if (order > FRAME_ORDER_MAX || take_pages(order, state, zone, &page) != STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    for (uint64_t i = 0; i < page_count; i++) {
        set_used(frame_at(page + i), state, 0);
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
    struct zone *zone = &zones[zone_index_of(frame_page(frame))];
    zone_lock(zone);
    zone->used_pages[state] -= 1ull << order;
    zone_give(zone, frame_page(frame), order);
    zone_unlock(zone);
}

void frame_release_boot(phys_addr_t start, uint64_t size_bytes) {
    if (size_bytes == 0) {
        return;
    }
    uint64_t end = (start.value + size_bytes - 1) >> PAGE_SHIFT;
    for (uint64_t page = start.value >> PAGE_SHIFT; page <= end; page++) {
        if (!frame_page_exists(page)) {
            continue;
        }
        CHECK(frame_at(page)->state == FRAME_KERNEL && frame_at(page)->order == 0);
        frame_free(phys_addr(page << PAGE_SHIFT));
    }
}

void frame_adopt(phys_addr_t pa, enum frame_state state) {
    struct frame *frame = frame_of(pa);
    CHECK(state != FRAME_FREE && state != FRAME_RESERVED);
    CHECK(frame->state == FRAME_KERNEL && frame->order == 0 && frame->flags == 0);
    set_used(frame, state, 0);
    struct zone *zone = &zones[zone_index_of(frame_page(frame))];
    zone_lock(zone);
    zone->used_pages[FRAME_KERNEL]--;
    zone->used_pages[state]++;
    zone_unlock(zone);
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

const char *frame_state_name(enum frame_state state) {
    switch (state) {
    case FRAME_RESERVED:
        return "reserved";
    case FRAME_FREE:
        return "free";
    case FRAME_TABLE:
        return "page table";
    case FRAME_ANON:
        return "anonymous";
    case FRAME_FILE:
        return "file";
    case FRAME_KERNEL:
        return "kernel";
    }
    return "unknown";
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
        zone_lock(&zones[i]);
        visit_blocks(&zones[i], (enum frame_zone)i, visit, context);
        zone_unlock(&zones[i]);
    }
}
