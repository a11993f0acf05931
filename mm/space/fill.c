#include "mm/space/fill.h"

#include "mm/platform.h"
#include "mm/space/area_parts.h"
#include "mm/space/fault_resolve.h"
#include "mm/space/user_memory.h"
#include "mm/space/user_request.h"

static uint8_t right_for(enum space_access_kind access) {
    return access == ACCESS_WRITE ? RIGHT_WRITE : RIGHT_READ;
}

static enum status fill_page(struct locked_range *token, virt_addr_t va,
                             enum space_access_kind access) REQUIRES(token) {
    enum status status = fault_resolve(token, va, access);
    return status == STATUS_BUS ? STATUS_FAULT : status;
}

constexpr uint64_t FILLED_AT_ONCE = 512; /* pages, between looks whether anybody wants them */

static enum status fill_part(struct locked_range *token, const struct area_parts *part,
                             enum space_access_kind access) REQUIRES(token) {
    enum status status = STATUS_OK;
    for (uint64_t i = 0; status == STATUS_OK && i < part->range.page_count; i++) {
        if (i % FILLED_AT_ONCE == 0 && platform_is_interrupted()) {
            return STATUS_INTERRUPTED;
        }
        status = fill_page(token, virt_add(part->range.start, i << PAGE_SHIFT), access);
    }
    return status;
}

enum status space_populate(struct locked_range *token, struct virt_range range,
                           enum space_access_kind access) {
    enum status status = check_request(token, range, RIGHT_NONE);
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (status == STATUS_OK && area_parts_next(&part) && !part.has_hole) {
        bool is_allowed = (part.area->rights_asked & right_for(access)) != 0;
        status = is_allowed ? fill_part(token, &part, access) : STATUS_INVALID;
    }
    return part.has_hole ? STATUS_NO_MEMORY : status;
}

/* What is private and may be written to gets pages of its own. */
static enum space_access_kind use_of(const struct vm_area *area) {
    return (area->attributes.rights & RIGHT_WRITE) != 0 ? ACCESS_WRITE : ACCESS_READ;
}

enum status try_to_fill_locked(struct locked_range *token, struct virt_range range) {
    enum status status = STATUS_OK;
    struct area_parts part = area_parts_of(&token->space->areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        if (part.area->is_locked && !part.area->is_lazily_locked) {
            status = fill_part(token, &part, use_of(part.area));
        }
    }
    return status;
}

void fill_locked(struct locked_range *token, struct virt_range range) {
    enum status status = try_to_fill_locked(token, range);
    (void)status; /* what could not be filled is filled when it is used */
}
