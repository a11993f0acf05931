#include "mm/addr/layout.h"
#include "mm/space/space_private.h"
#include "mm/space/user_areas.h"

static struct virt_range range_to(virt_addr_t end) {
    return virt_range(virt_addr(NULL_GUARD_END), (end.value - NULL_GUARD_END) >> PAGE_SHIFT);
}

enum status space_find_gap(struct locked_range *token, const struct space_gap *gap,
                           struct virt_range *range) {
    const struct address_space *space = token->space;
    bool is_own_end = gap->end.value == 0;
    virt_addr_t end = is_own_end ? space->mmap_end : gap->end;
    struct gap_request request = {
        .page_count = gap->page_count,
        .alignment_bytes = gap->alignment_bytes,
    };
    if (end.value > NULL_GUARD_END) {
        request.within = range_to(end);
        if (area_tree_find_highest_gap(&space->areas, &request, range)) {
            return STATUS_OK;
        }
    }
    request.within = range_to(virt_addr(USER_END));
    bool is_found = is_own_end && area_tree_find_lowest_gap(&space->areas, &request, range);
    return is_found ? STATUS_OK : STATUS_NO_MEMORY;
}

void space_set_mmap_end(struct address_space *space, virt_addr_t end) {
    sleep_lock_acquire(&space->lock);
    space->mmap_end = end;
    sleep_lock_release(&space->lock);
}
