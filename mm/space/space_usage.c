#include "mm/space/space_usage.h"

#include "mm/frame/frame.h"
#include "mm/space/address_space.h"
#include "mm/space/anonymous_source.h"
#include "mm/space/space_private.h"

/* The page of zeroes, which entries do not own, is nobody's memory. */
static const struct frame *frame_behind(const struct page_query *entry) {
    return entry->is_owned ? frame_of(entry->pa) : nullptr;
}

/* Which of the residents an area's pages are. */
struct residents {
    struct space_usage *usage;
    uint64_t *of_object;
};

static bool count_resident_page(void *context, virt_addr_t va, const struct page_query *entry) {
    const struct residents *residents = context;
    const struct frame *frame = frame_behind(entry);
    (void)va;
    if (frame != nullptr) {
        bool is_objects = frame->state == FRAME_FILE;
        (*(is_objects ? residents->of_object : &residents->usage->resident_anonymous))++;
    }
    return true;
}

static void count_area_pages(const struct address_space *space, const struct vm_area *area,
                             struct space_usage *usage) {
    bool is_file = area->source == nullptr || !area_source_is_anonymous(area->source);
    struct residents residents = {
        .usage = usage,
        .of_object = is_file ? &usage->resident_file : &usage->resident_shared,
    };
    page_table_for_each(&space->table, area->range, count_resident_page, &residents);
}

void space_usage(struct address_space *space, struct space_usage *usage) {
    struct locked_range token;
    space_lock_for_reading(space, space_whole_range(space), &token);
    const struct area_totals *totals = &space->areas.totals;
    *usage = (struct space_usage){
        .total_pages = totals->memory,
        .peak_pages = totals->peak_memory,
        .data_pages = totals->data,
        .stack_pages = totals->stack,
        .executable_pages = totals->executable,
        .locked_pages = totals->locked,
        .shared_pages = totals->shared,
        .peak_resident = space->peak_resident_pages,
        .table_pages = page_table_count(&space->table),
        .area_count = totals->area_count,
    };
    const struct vm_area *area = area_tree_first(&space->areas);
    for (; area != nullptr; area = area_next(area)) {
        count_area_pages(space, area, usage);
    }
    space_unlock(&token);
}

/* A table that fork shares gives its pages to each of its sharers. */
static uint64_t sharers_of(const struct frame *frame, const struct page_query *entry) {
    uint64_t entries = __atomic_load_n(&frame->map_count, __ATOMIC_RELAXED);
    return entries + (entry->table_sharers > 1 ? entry->table_sharers - 1 : 0);
}

static bool add_page(void *context, virt_addr_t va, const struct page_query *entry) {
    struct area_usage *usage = context;
    const struct frame *frame = frame_behind(entry);
    (void)va;
    if (frame == nullptr) {
        return true;
    }
    uint64_t sharers = sharers_of(frame, entry);
    usage->resident++;
    usage->resident_share_bytes += PAGE_SIZE / sharers;
    usage->referenced += entry->is_accessed;
    usage->anonymous += frame->state == FRAME_ANON;
    bool is_dirty = entry->is_dirty || frame->state == FRAME_ANON;
    uint64_t *kinds[2][2] = {{&usage->private_clean, &usage->private_dirty},
                             {&usage->shared_clean, &usage->shared_dirty}};
    (*kinds[sharers > 1][is_dirty])++;
    return true;
}

void space_area_usage(struct address_space *space, const struct vm_area *area,
                      struct area_usage *usage) {
    struct locked_range token;
    *usage = (struct area_usage){};
    space_lock_for_reading(space, space_whole_range(space), &token);
    page_table_for_each(&space->table, area->range, add_page, usage);
    space_unlock(&token);
    usage->locked = area->is_locked ? usage->resident : 0;
}
