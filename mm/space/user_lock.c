#include "lib/check.h"
#include "mm/space/area_edit.h"
#include "mm/space/area_parts.h"
#include "mm/space/fill.h"
#include "mm/space/limits.h"
#include "mm/space/user_memory.h"
#include "mm/space/user_request.h"

static uint64_t count_locked(const struct area_tree *areas, struct virt_range range) {
    uint64_t count = 0;
    struct area_parts part = area_parts_of(areas, range);
    while (area_parts_next(&part)) {
        count += part.area->is_locked ? part.range.page_count : 0;
    }
    return count;
}

/* Whether `page_count` pages more than there are may be locked, and any at all. */
static enum status check_lock(const struct address_space *space, uint64_t page_count) {
    if (limits_of(space).locked_bytes == 0) {
        return STATUS_NOT_PERMITTED;
    }
    return may_lock(space, page_count) ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status lock_part(struct area_tree *areas, const struct area_parts *part,
                             enum memory_lock lock) {
    bool is_locked = lock != MEMORY_UNLOCKED;
    bool is_lazy = lock == MEMORY_LOCKED_ON_FAULT;
    if (part->area->is_locked == is_locked && part->area->is_lazily_locked == is_lazy) {
        return STATUS_OK;
    }
    struct vm_area *area;
    enum status status = area_isolate(areas, part->range, &area);
    if (status == STATUS_OK) {
        area_begin_change(areas, area);
        area->is_locked = is_locked;
        area->is_lazily_locked = is_lazy;
        area_end_change(areas, area);
        area_join_around(areas, part->range);
    }
    return status;
}

/* As mlock reports what it could not fill (man 2 mlock). */
static enum status error_of_mlock(enum status status) {
    if (status == STATUS_NO_MEMORY) {
        return STATUS_TRY_AGAIN;
    }
    return status == STATUS_OK ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status space_lock_memory(struct locked_range *token, struct virt_range range,
                              enum memory_lock lock) {
    struct address_space *space = token->space;
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status == STATUS_OK && lock != MEMORY_UNLOCKED) {
        uint64_t more = range.page_count - count_locked(&space->areas, range);
        status = check_lock(space, more);
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct area_parts part = area_parts_of(&space->areas, range);
    while (status == STATUS_OK && area_parts_next(&part) && !part.has_hole) {
        status = lock_part(&space->areas, &part, lock);
    }
    if (status != STATUS_OK || part.has_hole) {
        return STATUS_NO_MEMORY;
    }
    return error_of_mlock(try_to_fill_locked(token, range));
}

static void lock_each(struct area_tree *areas, enum memory_lock lock) {
    struct area_parts part = area_parts_of(areas, space_user_range());
    while (area_parts_next(&part)) {
        enum status status = lock_part(areas, &part, lock);
        CHECK(status == STATUS_OK); /* no area is cut */
    }
}

enum status space_lock_all(struct locked_range *token, enum memory_lock current,
                           enum memory_lock future) {
    struct address_space *space = token->space;
    enum status status = STATUS_OK;
    bool locks_now = current == MEMORY_LOCKED || current == MEMORY_LOCKED_ON_FAULT;
    check_locked_for_writing(token, space_user_range());
    if (locks_now || future != MEMORY_UNLOCKED) {
        const struct area_totals *totals = &space->areas.totals;
        status = check_lock(space, locks_now ? totals->memory - totals->locked : 0);
    }
    if (status != STATUS_OK) {
        return status;
    }
    space->future_lock = future;
    if (current != MEMORY_LOCK_KEPT) {
        lock_each(&space->areas, current);
    }
    if (locks_now) {
        fill_locked(token, space_user_range());
    }
    return STATUS_OK;
}
