#include "mm/space/object_areas.h"

#include "mm/space/area.h"
#include "mm/space/page_changes.h"
#include "mm/space/space_private.h"

static void pin_space(void *holder) {
    struct address_space *space = holder;
    __atomic_fetch_add(&space->pin_count, 1, __ATOMIC_RELAXED);
}

/* Where the area shows pages of the cut; false where it shows none. */
static bool find_cut_range(const struct vm_area *area, const struct object_cut *cut,
                           struct virt_range *range) {
    uint64_t first = area->source_page;
    uint64_t last = first + area->range.page_count - 1;
    uint64_t cut_first = cut->first > first ? cut->first : first;
    uint64_t cut_last = cut->last < last ? cut->last : last;
    if (cut_last < cut_first) {
        return false;
    }
    virt_addr_t start = virt_add(area->range.start, (cut_first - first) << PAGE_SHIFT);
    *range = virt_range(start, cut_last - cut_first + 1);
    return true;
}

static enum status cut_area(struct address_space *space, const struct vm_area *area,
                            const struct object_cut *cut) {
    struct virt_range range;
    if (!find_cut_range(area, cut, &range)) {
        return STATUS_OK;
    }
    if (cut->phase == CUT_PREPARES) {
        return unshare_pages(space, range);
    }
    return cut->takes_copies ? unmap_pages(space, range) : unmap_object_pages(space, range);
}

static enum status cut_space(void *holder, const struct object_cut *cut) {
    struct address_space *space = holder;
    struct object_view *view;
    enum status result = STATUS_OK;
    sleep_lock_acquire(&space->lock);
    while ((view = object_views_next(cut, space)) != nullptr) {
        enum status status = cut_area(space, LIST_ENTRY(view, struct vm_area, view), cut);
        result = status != STATUS_OK ? status : result;
    }
    sleep_lock_release(&space->lock);
    space_unpin(space);
    return result;
}

const struct object_view_operations space_view_operations = {
    .pin = pin_space,
    .carry_out = cut_space,
};
