#include "mm/paging/mapping.h"

#include "mm/frame/frame.h"
#include "mm/paging/plan.h"

static enum status check_mapping(const struct page_table *table, struct virt_range range,
                                 struct page_attributes attributes) {
    bool is_allowed = range_belongs(table, range) && rights_belong(table, attributes);
    return is_allowed ? STATUS_OK : STATUS_INVALID;
}

enum status mapping_of_memory(const struct page_table *table, struct virt_range range,
                              phys_addr_t pa, struct page_attributes attributes,
                              unsigned largest_level, struct mapping *mapping) {
    CHECK(largest_level <= LEAF_LEVEL_MAX);
    enum status status = check_mapping(table, range, attributes);
    if (status == STATUS_OK) {
        status = check_memory(pa, range.page_count);
    }
    if (status != STATUS_OK) {
        return status;
    }
    *mapping = (struct mapping){
        .range = range,
        .form = pte_form(attributes, false),
        .leaf_level = leaf_level_for(range.start, pa, largest_level),
        .pa = pa,
    };
    return STATUS_OK;
}

enum status mapping_of_frames(const struct page_table *table, struct virt_range range,
                              const phys_addr_t *pages, struct page_attributes attributes,
                              struct mapping *mapping) {
    *mapping = (struct mapping){
        .range = range,
        .form = pte_form(attributes, true),
        .pages = pages,
    };
    return check_mapping(table, range, attributes);
}

bool frames_are_objects(const phys_addr_t *pages) {
    return frame_of(pages[0])->state == FRAME_FILE;
}

void mapping_count_owners(const struct mapping *mapping) {
    for (uint64_t i = 0; i < mapping->range.page_count; i++) {
        __atomic_fetch_add(&frame_of(mapping->pages[i])->map_count, 1, __ATOMIC_RELAXED); /* F2 */
    }
}
