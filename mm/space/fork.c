#include "mm/space/address_space.h"
#include "mm/space/area_edit.h"
#include "mm/space/space_private.h"

static enum status copy_area(struct area_tree *to, const struct vm_area *area) {
    struct spare_areas spares;
    enum status status = spare_areas_take(&spares, 1);
    if (status == STATUS_OK) {
        area_add(to, &spares, area->range, area->kind, area->attributes, area->name);
    }
    return status;
}

static enum status copy_areas(struct address_space *parent, struct address_space *child) {
    enum status status = STATUS_OK;
    const struct vm_area *area = area_tree_first(&parent->areas);
    while (area != nullptr && status == STATUS_OK) {
        status = copy_area(&child->areas, area);
        area = area_next(area);
    }
    return status;
}

/* The flush is done when the child can first be seen: nobody writes to what it believes to have. */
static enum status share_memory(struct address_space *parent, struct address_space *child) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, &parent->table);
    enum status status =
        page_table_share(&parent->table, &child->table, space_user_range(), &gather);
    tlb_gather_finish(&gather);
    return status;
}

enum status space_fork(struct address_space *parent, const char *name,
                       struct address_space **child) {
    struct address_space *made;
    struct locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    enum status status = space_create_in(parent->family, name, &made);
    if (status != STATUS_OK) {
        goto unlock;
    }
    status = copy_areas(parent, made);
    if (status == STATUS_OK) {
        status = share_memory(parent, made);
    }
    if (status != STATUS_OK) {
        space_abandon(made);
        goto unlock;
    }
    *child = made;
unlock:
    space_unlock(&token);
    return status;
}
