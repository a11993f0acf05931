#include "mm/space/stack.h"

#include "mm/addr/layout.h"
#include "mm/space/area_edit.h"
#include "mm/space/limits.h"

/* What has no rights, or grows down itself, is a gap as good as any. */
static bool keeps_gap(const struct vm_area *below, virt_addr_t start) {
    bool is_accessible = below->attributes.rights != RIGHT_NONE;
    uint64_t end = virt_range_last(below->range).value + 1;
    return !is_accessible || below->grows_down ||
           start.value - end >= STACK_GAP_PAGES << PAGE_SHIFT;
}

static bool may_grow(const struct address_space *space, const struct vm_area *area,
                     uint64_t page_count) {
    const struct vm_area *below = area_previous(area); /* at least the null guard */
    virt_addr_t start = virt_addr(area->range.start.value - (page_count << PAGE_SHIFT));
    uint64_t stack_bytes = (area->range.page_count + page_count) << PAGE_SHIFT;
    bool has_source = area->source_page >= page_count; /* of anonymous memory too, as on Linux */
    bool is_locked_out = area->is_locked && !may_lock(space, page_count);
    return keeps_gap(below, start) && stack_bytes <= limits_of(space).stack_bytes && has_source &&
           !is_locked_out && check_growth(space, area, page_count) == STATUS_OK &&
           check_promise(space, area, page_count) == STATUS_OK;
}

bool stack_grow(struct address_space *space, virt_addr_t va) {
    struct vm_area *area = area_tree_find_from(&space->areas, va);
    if (area == nullptr || !area->grows_down) {
        return false;
    }
    virt_addr_t start = virt_addr(align_down(va.value, PAGE_SIZE));
    uint64_t page_count = (area->range.start.value - start.value) >> PAGE_SHIFT;
    if (!may_grow(space, area, page_count)) {
        return false;
    }
    area_note_copies(&space->areas, area);
    area_resize(&space->areas, area, virt_range(start, area->range.page_count + page_count));
    return true;
}
