#include "mm/space/area_edit.h"
#include "mm/space/area_parts.h"
#include "mm/space/user_memory.h"
#include "mm/space/user_request.h"

/* What is said of areas and remembered in them: man 2 mseal, mbind. */

/* Whether no page, and whether not every page, of the range is memory. */
struct coverage {
    bool is_empty, has_hole;
};

static struct coverage coverage_of(const struct area_tree *areas, struct virt_range range) {
    struct coverage coverage = {.is_empty = true};
    struct area_parts part = area_parts_of(areas, range);
    while (area_parts_next(&part)) {
        coverage.is_empty = false;
    }
    coverage.has_hole = part.has_hole;
    return coverage;
}

static enum status seal_part(struct area_tree *areas, const struct area_parts *part) {
    struct vm_area *area;
    if (part->area->is_sealed) {
        return STATUS_OK;
    }
    enum status status = area_isolate(areas, part->range, &area);
    if (status == STATUS_OK) {
        area->is_sealed = true;
        area_join_around(areas, part->range);
    }
    return status;
}

enum status space_seal(struct locked_range *token, struct virt_range range) {
    struct area_tree *areas = &token->space->areas;
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status == STATUS_OK && coverage_of(areas, range).has_hole) {
        status = STATUS_NO_MEMORY;
    }
    struct area_parts part = area_parts_of(areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        status = seal_part(areas, &part);
    }
    return status;
}

static bool are_same(const struct memory_policy *a, const struct memory_policy *b) {
    return a->mode == b->mode && a->nodes == b->nodes && a->has_home_node == b->has_home_node;
}

static enum status set_part(struct area_tree *areas, const struct area_parts *part,
                            const struct memory_policy *policy) {
    struct vm_area *area;
    if (are_same(&part->area->policy, policy)) {
        return STATUS_OK;
    }
    enum status status = area_isolate(areas, part->range, &area);
    if (status == STATUS_OK) {
        area->policy = *policy;
        area_join_around(areas, part->range);
    }
    return status;
}

enum status space_set_memory_policy(struct locked_range *token, struct virt_range range,
                                    const struct memory_policy *policy) {
    struct area_tree *areas = &token->space->areas;
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK) {
        return status;
    }
    const struct coverage coverage = coverage_of(areas, range);
    if (coverage.is_empty || (coverage.has_hole && policy->mode != 0)) {
        return STATUS_FAULT;
    }
    struct area_parts part = area_parts_of(areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        status = set_part(areas, &part, policy);
    }
    return status;
}

static enum status set_home_of_part(struct area_tree *areas, const struct area_parts *part,
                                    uint32_t modes) {
    struct memory_policy policy = part->area->policy;
    constexpr uint16_t mode_mask = 31; /* flags lie above */
    if ((modes >> (policy.mode & mode_mask) & 1) == 0) {
        return STATUS_NOT_SUPPORTED;
    }
    policy.has_home_node = true;
    return set_part(areas, part, &policy);
}

enum status space_set_home_node(struct locked_range *token, struct virt_range range,
                                uint32_t modes) {
    struct area_tree *areas = &token->space->areas;
    enum status status = check_request(token, range, RIGHT_NONE);
    bool has_policy = false;
    struct area_parts part = area_parts_of(areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        if (part.area->policy.mode != 0) {
            has_policy = true;
            status = set_home_of_part(areas, &part, modes);
        }
    }
    return status == STATUS_OK && !has_policy ? STATUS_NOT_FOUND : status;
}
