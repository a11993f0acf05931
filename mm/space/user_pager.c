#include "mm/space/user_pager.h"

#include "mm/space/area_edit.h"
#include "mm/space/area_parts.h"
#include "mm/space/user_request.h"

void area_pager_init(struct area_pager *pager, const struct area_pager_operations *operations) {
    pager->operations = operations;
    list_init(&pager->areas);
}

/* Linux asks in this order. */
static enum status check_part(const struct vm_area *area, const struct area_pager *pager,
                              uint8_t kinds) {
    if ((kinds & PAGER_UNSHOWN) != 0 && area->source == nullptr) {
        return STATUS_INVALID;
    }
    if (area->is_shared && (area->rights_max & RIGHT_WRITE) == 0) {
        return STATUS_NOT_PERMITTED;
    }
    return area->pager != nullptr && area->pager != pager ? STATUS_BUSY : STATUS_OK;
}

static enum status check_parts(const struct area_tree *areas, struct virt_range range,
                               const struct area_pager *pager, uint8_t kinds) {
    enum status status = STATUS_INVALID; /* there is no part */
    struct area_parts part = area_parts_of(areas, range);
    while (area_parts_next(&part)) {
        status = check_part(part.area, pager, kinds);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return status;
}

static enum status set_part(struct area_tree *areas, const struct area_parts *part,
                            struct area_pager *pager, uint8_t kinds) {
    struct vm_area *area;
    enum status status = area_isolate(areas, part->range, &area);
    if (status == STATUS_OK) {
        area_set_pager(area, pager, kinds);
        area_join_around(areas, part->range);
    }
    return status;
}

enum status space_set_pager(struct locked_range *token, struct virt_range range,
                            struct area_pager *pager, uint8_t kinds) {
    struct area_tree *areas = &token->space->areas;
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status == STATUS_OK) {
        status = check_parts(areas, range, pager, kinds);
    }
    struct area_parts part = area_parts_of(areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        if ((part.area->pager_kinds & kinds) != kinds) {
            status = set_part(areas, &part, pager, kinds);
        }
    }
    return status;
}

static enum status check_owner(const struct area_tree *areas, struct virt_range range,
                               const struct area_pager *pager) {
    enum status status = STATUS_INVALID; /* there is no part */
    struct area_parts part = area_parts_of(areas, range);
    while (area_parts_next(&part)) {
        if (part.area->pager != nullptr && part.area->pager != pager) {
            return STATUS_INVALID;
        }
        status = STATUS_OK;
    }
    return status;
}

enum status space_take_pager(struct locked_range *token, struct virt_range range,
                             struct area_pager *pager) {
    struct area_tree *areas = &token->space->areas;
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status == STATUS_OK) {
        status = check_owner(areas, range, pager);
    }
    struct area_parts part = area_parts_of(areas, range);
    while (status == STATUS_OK && area_parts_next(&part)) {
        if (part.area->pager != nullptr) {
            status = set_part(areas, &part, nullptr, 0);
        }
    }
    return status;
}

void space_drop_pager(struct locked_range *token, struct area_pager *pager) {
    check_locked_for_writing(token, space_user_range());
    while (!list_is_empty(&pager->areas)) {
        struct vm_area *area = LIST_ENTRY(pager->areas.next, struct vm_area, of_pager);
        struct virt_range range = area->range;
        area_set_pager(area, nullptr, 0);
        area_join_around(&token->space->areas, range);
    }
}

enum status space_check_pager(struct locked_range *token, struct virt_range range) {
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK) {
        return status;
    }
    const struct vm_area *area = area_tree_find(&token->space->areas, range.start);
    bool is_pagers = area != nullptr && area->pager != nullptr;
    return is_pagers && virt_range_covers(area->range, range) ? STATUS_OK : STATUS_NOT_FOUND;
}
