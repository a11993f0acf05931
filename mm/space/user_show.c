#include "mm/space/area_edit.h"
#include "mm/space/user_areas.h"
#include "mm/space/user_memory.h"
#include "mm/space/user_request.h"

/* man 2 remap_file_pages. */

static bool is_same_mapping(const struct vm_area *a, const struct vm_area *b) {
    return a->source == b->source && a->rights_asked == b->rights_asked &&
           a->is_locked == b->is_locked && a->is_unreserved == b->is_unreserved;
}

/* The area at the start, where areas like it reach to the end without a gap; else null. */
static const struct vm_area *find_mapping(const struct area_tree *areas, struct virt_range range) {
    const struct vm_area *first = area_tree_find(areas, range.start);
    const struct vm_area *area = first;
    bool is_shared = first != nullptr && area_is_memory(first) && first->is_shared;
    if (!is_shared || !area_tree_covers(areas, range)) {
        return nullptr;
    }
    while (area != nullptr && virt_range_last(area->range).value < virt_range_last(range).value) {
        area = area_next(area);
        if (area == nullptr || !is_same_mapping(area, first)) {
            return nullptr;
        }
    }
    return first;
}

/* The area that says what is mapped may go with what it is to replace. */
static enum status map_again(struct locked_range *token, struct virt_range range,
                             const struct vm_area *area, uint64_t source_page) REQUIRES(token) {
    char name[AREA_NAME_SIZE_BYTES];
    struct area_source *source = area->source;
    struct space_mapping mapping = {
        .rights = area->rights_asked,
        .rights_max = area->rights_max,
        .source = source,
        .source_page = source_page,
        .is_shared = true,
        .is_locked = area->is_locked,
        .is_unreserved = area->is_unreserved,
        .replaces = true,
        .name = name,
    };
    copy_name(name, area->name, sizeof name);
    area_source_ref(source);
    enum status status = space_map(token, range, &mapping);
    area_source_unref(source);
    return status;
}

enum status space_show(struct locked_range *token, struct virt_range range, uint64_t source_page) {
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vm_area *area = find_mapping(&token->space->areas, range);
    if (area == nullptr) {
        return STATUS_INVALID;
    }
    status = map_again(token, range, area, source_page);
    if (status == STATUS_OK) {
        enum status filled = space_populate(token, range, ACCESS_READ);
        (void)filled; /* what cannot be filled is met later */
    }
    return status;
}
