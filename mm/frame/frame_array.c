#include "mm/frame/frame_array.h"

#include "mm/platform.h"

struct frame *frame_array;

/* fixed by frame_init */
static const struct memory_map *frame_map;
static uint64_t page_limit;
static uint64_t direct_map_offset; /* from a physical address to where the kernel sees it */

struct page_run usable_run(const struct memory_region *region) {
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

/* The direct map is linear, so one page of RAM tells where all of it is seen. */
static uint64_t find_direct_map_offset(const struct memory_map *map) {
    size_t i = 0;
    while (map->regions[i].type != MEMORY_USABLE) {
        i++;
    }
    uint64_t pa = map->regions[i].base;
    return (uint64_t)platform_phys_to_virt(phys_addr(pa)) - pa;
}

void frame_array_begin(struct frame *array, const struct memory_map *map) {
    frame_array = array;
    frame_map = map;
    page_limit = page_limit_of(map);
    direct_map_offset = find_direct_map_offset(map);
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
