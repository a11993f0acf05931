#include "mm/space/area_parts.h"

struct area_parts area_parts_of(const struct area_tree *areas, struct virt_range range) {
    struct area_parts parts = {
        .areas = areas,
        .next = range.start.value,
        .last = virt_range_last(range).value,
    };
    return parts;
}

static struct vm_area *find_memory(const struct area_parts *parts) {
    struct vm_area *area = area_tree_find_from(parts->areas, virt_addr(parts->next));
    while (area != nullptr && !area_is_memory(area)) {
        area = area_next(area);
    }
    return area != nullptr && area->range.start.value <= parts->last ? area : nullptr;
}

bool area_parts_next(struct area_parts *parts) {
    if (parts->next > parts->last) {
        return false;
    }
    parts->area = find_memory(parts);
    if (parts->area == nullptr) {
        parts->has_hole = true;
        return false;
    }
    uint64_t start = parts->area->range.start.value;
    uint64_t area_last = virt_range_last(parts->area->range).value;
    uint64_t last = area_last < parts->last ? area_last : parts->last;
    parts->has_hole = parts->has_hole || start > parts->next;
    start = start > parts->next ? start : parts->next;
    parts->range = virt_range(virt_addr(start), (last - start + 1) >> PAGE_SHIFT);
    parts->next = last + 1;
    return true;
}
