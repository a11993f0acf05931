#include "mm/frame/early_runs.h"
#include "mm/frame/frame.h"
#include "mm/frame/frame_array.h"
#include "mm/frame/zone.h"

/* From the early allocator to the buddy allocator, and what is still given to it later. */

static void give_run(struct page_run run) {
    while (run.first < run.end) {
        struct zone *zone = zone_of(run.first);
        uint64_t limit = zone_page_limit(run.first);
        uint64_t end = run.end < limit ? run.end : limit;
        zone_lock(zone);
        zone_give_run(zone, run.first, end);
        zone_unlock(zone);
        run.first = end;
    }
}

/* Makes the pages of `run`, which the boot took, FRAME_KERNEL. */
static void keep_run(struct page_run run) {
    for (uint64_t page = run.first; page < run.end; page++) {
        frame_set_used(frame_at(page), FRAME_KERNEL, 0);
        zone_of(page)->used_pages[FRAME_KERNEL]++;
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

void frame_init(struct frame *array, const struct memory_map *map) {
    early_end();
    frame_array_begin(array, map);
    zones_init();
    for (size_t i = 0; i < map->count; i++) {
        share_out(usable_run(&map->regions[i]));
    }
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
    frame_set_used(frame, state, 0);
    struct zone *zone = zone_of(frame_page(frame));
    zone_lock(zone);
    zone->used_pages[FRAME_KERNEL]--;
    zone->used_pages[state]++;
    zone_unlock(zone);
}
