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

/* Nobody else knows the child yet, so its lock is not taken. */
static enum status copy_memory(struct address_space *parent, struct address_space *child) {
    struct locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    enum status status = copy_areas(parent, child);
    if (status == STATUS_OK) {
        status = share_memory(parent, child);
    }
    space_unlock(&token);
    return status;
}

enum status space_fork(struct address_space *parent, const char *name,
                       struct address_space **child) {
    struct address_space *made;
    enum status status = space_make(name, &made);
    if (status != STATUS_OK) {
        return status;
    }
    status = copy_memory(parent, made);
    if (status != STATUS_OK) {
        space_unmake(made);
        return status;
    }
    space_publish(made, parent->family);
    *child = made;
    return STATUS_OK;
}
