#include "mm/space/user_memory.h"

#include "mm/object/memory_object.h"
#include "mm/space/area_edit.h"
#include "mm/space/area_parts.h"
#include "mm/space/page_changes.h"
#include "mm/space/user_request.h"

/* Sealed memory that nothing else holds is kept where the program could not write over it. */
static bool keeps_contents(const struct vm_area *area) {
    bool is_writable = (area->attributes.rights & RIGHT_WRITE) != 0;
    return area->is_sealed && area->kind == AREA_ANON && !is_writable;
}

static enum status discard_part(struct address_space *space, const struct area_parts *part,
                                bool spares_locked) {
    if (keeps_contents(part->area)) {
        return STATUS_NOT_PERMITTED;
    }
    bool is_spared = spares_locked && part->area->is_locked;
    return is_spared ? STATUS_INVALID : unmap_pages(space, part->range);
}

static enum status discard(struct locked_range *token, struct virt_range range, bool spares_locked)
    REQUIRES(token) {
    enum status status = check_request(token, range, RIGHT_NONE);
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        status = discard_part(token->space, &part, spares_locked);
    }
    return status == STATUS_OK && part.has_hole ? STATUS_NO_MEMORY : status;
}

enum status space_discard(struct locked_range *token, struct virt_range range) {
    return discard(token, range, true);
}

enum status space_discard_locked(struct locked_range *token, struct virt_range range) {
    return discard(token, range, false);
}

enum status space_discard_lazily(struct locked_range *token, struct virt_range range) {
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK) {
        return status;
    }
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (area_parts_next(&part)) {
        if (keeps_contents(part.area)) {
            return STATUS_NOT_PERMITTED;
        }
        if (part.area->kind != AREA_ANON || part.area->is_locked) {
            return STATUS_INVALID;
        }
    }
    return part.has_hole ? STATUS_NO_MEMORY : STATUS_OK;
}

static enum status check_punch(const struct vm_area *area) {
    if (keeps_contents(area)) {
        return STATUS_NOT_PERMITTED;
    }
    if (area->is_locked || area->source == nullptr) {
        return STATUS_INVALID;
    }
    bool may_write = area->is_shared && (area->rights_max & RIGHT_WRITE) != 0;
    return may_write ? STATUS_OK : STATUS_ACCESS_DENIED;
}

/* A cut takes the lock of every space that shows the object, this one too; so it is given up. */
static enum status punch_part(struct locked_range *token,
                              const struct area_parts *part) NO_CAPABILITY_CHECK {
    struct locked_range whole = *token;
    struct area_source *source = part->area->source;
    uint64_t offset = (part->range.start.value - part->area->range.start.value) >> PAGE_SHIFT;
    uint64_t first = part->area->source_page + offset;
    area_source_ref(source);
    space_unlock(token);
    enum status status = memory_object_punch(source->object, first << PAGE_SHIFT,
                                             part->range.page_count << PAGE_SHIFT);
    space_lock_for_writing(whole.space, whole.range, token);
    area_source_unref(source);
    return status;
}

enum status space_punch(struct locked_range *token, struct virt_range range) {
    enum status status = check_request(token, range, RIGHT_NONE);
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        status = check_punch(part.area);
        if (status == STATUS_OK) {
            status = punch_part(token, &part);
        }
    }
    return status == STATUS_OK && part.has_hole ? STATUS_NO_MEMORY : status;
}

/* What an area becomes by a fork policy. */
struct fork_flags {
    bool is_not_forked;
    bool is_wiped_on_fork;
};

static struct fork_flags fork_flags_by(const struct vm_area *area, enum fork_policy policy) {
    struct fork_flags flags = {area->is_not_forked, area->is_wiped_on_fork};
    switch (policy) {
    case FORK_COPIES:
        flags.is_not_forked = false;
        break;
    case FORK_LEAVES_OUT:
        flags.is_not_forked = true;
        break;
    case FORK_WIPES:
        flags.is_wiped_on_fork = true;
        break;
    case FORK_KEEPS:
        flags.is_wiped_on_fork = false;
        break;
    }
    return flags;
}

static enum status set_policy(struct area_tree *areas, const struct area_parts *part,
                              enum fork_policy policy) {
    struct fork_flags flags = fork_flags_by(part->area, policy);
    struct vm_area *area;
    bool loses_contents = policy == FORK_WIPES || policy == FORK_LEAVES_OUT;
    if (loses_contents && keeps_contents(part->area)) {
        return STATUS_NOT_PERMITTED;
    }
    if (policy == FORK_WIPES && part->area->kind != AREA_ANON) {
        return STATUS_INVALID;
    }
    if (flags.is_not_forked == part->area->is_not_forked &&
        flags.is_wiped_on_fork == part->area->is_wiped_on_fork) {
        return STATUS_OK;
    }
    enum status status = area_isolate(areas, part->range, &area);
    if (status == STATUS_OK) {
        area->is_not_forked = flags.is_not_forked;
        area->is_wiped_on_fork = flags.is_wiped_on_fork;
        area_join_around(areas, part->range);
    }
    return status;
}

enum status space_set_fork_policy(struct locked_range *token, struct virt_range range,
                                  enum fork_policy policy) {
    enum status status = check_request(token, range, RIGHT_NONE);
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        status = set_policy(&token->space->areas, &part, policy);
    }
    return status == STATUS_OK && part.has_hole ? STATUS_NO_MEMORY : status;
}

enum status space_check_mapped(struct locked_range *token, struct virt_range range,
                               bool refuses_locked) {
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK) {
        return status;
    }
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (area_parts_next(&part)) {
        if (refuses_locked && part.area->is_locked) {
            return STATUS_BUSY;
        }
    }
    return part.has_hole ? STATUS_NO_MEMORY : STATUS_OK;
}
