#include "mm/space/user_areas.h"

#include "mm/addr/layout.h"
#include "mm/space/address_space.h"
#include "mm/space/area_edit.h"
#include "mm/space/area_parts.h"
#include "mm/space/fill.h"
#include "mm/space/limits.h"
#include "mm/space/object_areas.h"
#include "mm/space/page_changes.h"
#include "mm/space/user_request.h"

/* The area that the mapping asks for, without its place. */
static struct vm_area area_like(struct address_space *space, const struct space_mapping *mapping) {
    uint32_t mode = __atomic_load_n(&space_overcommit.mode, __ATOMIC_RELAXED);
    struct vm_area area = {
        .kind = mapping->source == nullptr ? AREA_ANON : AREA_OBJECT,
        .source = mapping->source,
        .source_page = mapping->source_page,
        .attributes = user_attributes(mapping->rights),
        .rights_asked = mapping->rights & PROGRAM_RIGHTS,
        .rights_max = mapping->rights_max != 0 ? mapping->rights_max : PROGRAM_RIGHTS,
        .is_shared = mapping->is_shared,
        .grows_down = mapping->grows_down,
        .is_locked = mapping->is_locked || space->future_lock != MEMORY_UNLOCKED,
        .is_lazily_locked = !mapping->is_locked && space->future_lock == MEMORY_LOCKED_ON_FAULT,
        .is_unreserved = mapping->is_unreserved && mode != OVERCOMMIT_NEVER,
        .view = {.operations = &space_view_operations, .holder = space},
    };
    area.is_committed = needs_promise(&area);
    copy_name(area.name, mapping->name, sizeof area.name);
    return area;
}

static bool is_code(uint8_t rights) {
    return (rights & RIGHT_EXECUTE) != 0;
}

static enum status check_kind(const struct address_space *space, const struct vm_area *area) {
    if ((area->rights_asked & ~area->rights_max) != 0 ||
        (area->is_shared && area->source == nullptr)) {
        return STATUS_INVALID;
    }
    bool is_new_code = is_code(area->rights_asked) && (area->rights_asked & RIGHT_WRITE) != 0;
    return is_new_code && limits_of(space).denies_new_code ? STATUS_ACCESS_DENIED : STATUS_OK;
}

/* What a mapping takes the place of, and by how many its areas will be more when it is gone. */
struct replaced {
    uint64_t page_count;
    uint64_t promised_pages;
    int64_t more_areas;
};

static struct replaced replaced_by(const struct area_tree *areas, struct virt_range range) {
    struct replaced replaced = {};
    struct area_parts part = area_parts_of(areas, range);
    while (area_parts_next(&part)) {
        uint64_t last = virt_range_last(part.range).value;
        bool keeps_start = part.area->range.start.value < part.range.start.value;
        bool keeps_end = virt_range_last(part.area->range).value > last;
        replaced.page_count += part.range.page_count;
        replaced.promised_pages += part.area->is_committed ? part.range.page_count : 0;
        replaced.more_areas += (int64_t)keeps_start + keeps_end - 1;
    }
    return replaced;
}

static bool has_sealed_area(const struct area_tree *areas, struct virt_range range) {
    struct area_parts part = area_parts_of(areas, range);
    while (area_parts_next(&part)) {
        if (part.area->is_sealed) {
            return true;
        }
    }
    return false;
}

/* Whether there is room for the area, `replaced` being gone. */
static enum status check_room(const struct address_space *space, uint64_t page_count,
                              const struct vm_area *area, const struct replaced *replaced) {
    int64_t area_count = (int64_t)space->areas.totals.area_count + replaced->more_areas;
    if (area->is_locked && !may_lock(space, page_count)) {
        return STATUS_TRY_AGAIN;
    }
    if (area_count >= (int64_t)AREA_COUNT_MAX) {
        return STATUS_NO_MEMORY;
    }
    enum status status = check_growth(space, area, page_count - replaced->page_count);
    if (status != STATUS_OK || page_count <= replaced->promised_pages) {
        return status;
    }
    return check_promise(space, area, page_count - replaced->promised_pages);
}

static enum status check_place(const struct address_space *space, struct virt_range range,
                               const struct vm_area *area, bool replaces) {
    struct replaced replaced = {};
    bool is_in_null_guard = range.start.value < NULL_GUARD_END;
    if (is_in_null_guard || (!replaces && area_tree_overlaps(&space->areas, range))) {
        return STATUS_EXISTS;
    }
    if (replaces && has_sealed_area(&space->areas, range)) {
        return STATUS_NOT_PERMITTED;
    }
    if (replaces) {
        replaced = replaced_by(&space->areas, range);
    }
    return check_room(space, range.page_count, area, &replaced);
}

/* Takes out all that is in the range, with spares for the cuts. Errors: STATUS_NO_MEMORY, for a
 * table; nothing has changed. */
static enum status remove_areas(struct address_space *space, struct spare_areas *spares,
                                struct virt_range range) {
    enum status status = unmap_pages(space, range);
    if (status == STATUS_OK) {
        area_cut_out(&space->areas, spares, range);
        area_drop_all(&space->areas, range);
    }
    return status;
}

/* Adds an area where nothing forbids it; what is there goes once all that is needed has been taken.
 */
static enum status place_area(struct address_space *space, struct virt_range range,
                              const struct vm_area *like, uint64_t source_page) {
    struct spare_areas spares;
    bool is_free = !area_tree_overlaps(&space->areas, range);
    unsigned cuts = is_free ? 0 : area_cuts_needed(&space->areas, range);
    enum status status = spare_areas_take(&spares, 1 + cuts);
    if (status != STATUS_OK) {
        return status;
    }
    status = is_free ? STATUS_OK : remove_areas(space, &spares, range);
    if (status == STATUS_OK) {
        area_add_like(&space->areas, &spares, like, range, source_page, nullptr);
        area_join_around(&space->areas, range);
    }
    spare_areas_return(&spares);
    return status;
}

enum status space_map(struct locked_range *token, struct virt_range range,
                      const struct space_mapping *mapping) {
    struct address_space *space = token->space;
    enum status status = check_request(token, range, mapping->rights);
    if (status != STATUS_OK) {
        return status;
    }
    struct vm_area like = area_like(space, mapping);
    uint64_t first_page = range.start.value >> PAGE_SHIFT;
    uint64_t source_page = like.kind == AREA_ANON ? first_page : like.source_page;
    status = check_kind(space, &like);
    if (status == STATUS_OK) {
        status = check_place(space, range, &like, mapping->replaces);
    }
    if (status == STATUS_OK) {
        status = place_area(space, range, &like, source_page);
    }
    if (status == STATUS_OK) {
        fill_locked(token, range);
    }
    return status;
}

enum status space_reserve_guard(struct locked_range *token, struct virt_range range,
                                const char *name) {
    struct area_tree *areas = &token->space->areas;
    struct page_attributes nothing = {};
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK) {
        return status;
    }
    if (area_tree_overlaps(areas, range)) {
        return STATUS_EXISTS;
    }
    struct spare_areas spares;
    status = spare_areas_take(&spares, 1);
    if (status == STATUS_OK) {
        area_add(areas, &spares, range, AREA_GUARD, nothing, name);
    }
    return status;
}

/* Takes the null guard out of `range`; false where that leaves nothing. */
static bool spare_null_guard(struct virt_range *range) {
    if (range->start.value >= NULL_GUARD_END) {
        return true;
    }
    uint64_t guarded = (NULL_GUARD_END - range->start.value) >> PAGE_SHIFT;
    if (range->page_count <= guarded) {
        return false;
    }
    *range = virt_range(virt_addr(NULL_GUARD_END), range->page_count - guarded);
    return true;
}

enum status space_unmap(struct locked_range *token, struct virt_range range) {
    struct address_space *space = token->space;
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK || !spare_null_guard(&range)) {
        return status;
    }
    if (!area_may_cut(&space->areas, range)) {
        return STATUS_NO_MEMORY;
    }
    if (has_sealed_area(&space->areas, range)) {
        return STATUS_NOT_PERMITTED;
    }
    struct spare_areas spares;
    status = spare_areas_take(&spares, area_cuts_needed(&space->areas, range));
    if (status != STATUS_OK) {
        return status;
    }
    status = remove_areas(space, &spares, range);
    spare_areas_return(&spares);
    return status;
}

static void set_rights(struct area_tree *areas, struct vm_area *area, uint8_t rights) {
    area_begin_change(areas, area);
    area->rights_asked = rights & PROGRAM_RIGHTS;
    area->attributes = user_attributes(rights);
    bool keeps_promise = area->copies_id != 0 || area->kind == AREA_OBJECT;
    area->is_committed = needs_promise(area) || (area->is_committed && keeps_promise);
    area_end_change(areas, area);
}

/* Code that can be written to, or that was none before. */
static bool makes_code(const struct vm_area *area, uint8_t rights) {
    return is_code(rights) && ((rights & RIGHT_WRITE) != 0 || !is_code(area->rights_asked));
}

/* What is not data now may be too much data with the rights. */
static enum status check_rights(const struct address_space *space, const struct vm_area *area,
                                uint64_t page_count, uint8_t rights) {
    struct vm_area changed = *area;
    changed.attributes = user_attributes(rights);
    bool is_denied = limits_of(space).denies_new_code && makes_code(area, rights);
    if ((rights & PROGRAM_RIGHTS & ~area->rights_max) != 0 || is_denied) {
        return STATUS_ACCESS_DENIED;
    }
    if (area->is_sealed) {
        return STATUS_NOT_PERMITTED;
    }
    if (is_data(&changed) && !is_data(area)) {
        enum status status = check_growth_of_data(space, page_count);
        return status == STATUS_OK ? check_promise(space, &changed, page_count) : status;
    }
    return STATUS_OK;
}

/* Locked private memory is copied before it is first written to, as on Linux. */
static bool becomes_private_writable(const struct vm_area *area, uint8_t rights) {
    bool gains = (rights & ~area->rights_asked & RIGHT_WRITE) != 0;
    return gains && !area->is_shared;
}

static enum status protect_part(struct locked_range *token, const struct area_parts *part,
                                uint8_t rights) REQUIRES(token) {
    struct address_space *space = token->space;
    bool is_to_be_filled = becomes_private_writable(part->area, rights);
    struct vm_area *area;
    enum status status = check_rights(space, part->area, part->range.page_count, rights);
    if (status != STATUS_OK || part->area->rights_asked == (rights & PROGRAM_RIGHTS)) {
        return status;
    }
    status = area_isolate(&space->areas, part->range, &area);
    if (status != STATUS_OK) {
        return status;
    }
    status = protect_pages(space, part->range, user_attributes(rights));
    if (status == STATUS_OK) {
        set_rights(&space->areas, area, rights);
    }
    area_join_around(&space->areas, part->range);
    if (status == STATUS_OK && is_to_be_filled) {
        fill_locked(token, part->range);
    }
    return status;
}

enum status space_protect(struct locked_range *token, struct virt_range range, uint8_t rights) {
    struct address_space *space = token->space;
    enum status status = check_request(token, range, rights);
    struct area_parts part = area_parts_of(&space->areas, range);
    while (status == STATUS_OK && area_parts_next(&part) && !part.has_hole) {
        status = protect_part(token, &part, rights);
    }
    return part.has_hole ? STATUS_NO_MEMORY : status;
}
