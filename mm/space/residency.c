#include "mm/frame/frame.h"
#include "mm/object/memory_object.h"
#include "mm/space/area_parts.h"
#include "mm/space/user_memory.h"
#include "mm/space/user_request.h"

/* Where the byte of each page goes. */
struct residency {
    virt_addr_t start;
    uint8_t *bytes;
};

static bool mark_page(void *context, virt_addr_t va, const struct page_query *entry) {
    const struct residency *residency = context;
    (void)entry;
    residency->bytes[(va.value - residency->start.value) >> PAGE_SHIFT] = 1;
    return true;
}

/* What the object has is there, whether an entry shows it or not. */
static void mark_object_pages(const struct area_parts *part, uint8_t *bytes) {
    uint64_t offset = (part->range.start.value - part->area->range.start.value) >> PAGE_SHIFT;
    uint64_t first = part->area->source_page + offset;
    for (uint64_t i = 0; i < part->range.page_count; i++) {
        phys_addr_t pa;
        bytes[i] |= memory_object_find_page(part->area->source->object, first + i, &pa);
    }
}

enum status space_residency(struct locked_range *token, struct virt_range range,
                            uint8_t *residency) {
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK) {
        return status;
    }
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (area_parts_next(&part) && !part.has_hole) {
        uint64_t offset = (part.range.start.value - range.start.value) >> PAGE_SHIFT;
        struct residency found = {part.range.start, residency + offset};
        __builtin_memset(found.bytes, 0, part.range.page_count);
        page_table_for_each(&token->space->table, part.range, mark_page, &found);
        if (part.area->source != nullptr) {
            mark_object_pages(&part, found.bytes);
        }
    }
    return part.has_hole ? STATUS_NO_MEMORY : STATUS_OK;
}
