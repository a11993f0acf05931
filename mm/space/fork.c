#include "mm/space/address_space.h"
#include "mm/space/area_edit.h"
#include "mm/space/limits.h"
#include "mm/space/page_changes.h"
#include "mm/space/space_private.h"

/*
 * The child's lock is held all the time, though only cuts of objects can know the child so early:
 * through its areas. Whoever waits for it holds no other lock of a space.
 */

/* What the child's area says: nothing is locked for it (man 2 mlock), and nobody fills it but the
 * kernel (man 2 userfaultfd). */
static struct vm_area inherited(struct address_space *child, const struct vm_area *area) {
    struct vm_area copy = *area;
    copy.is_locked = false;
    copy.is_lazily_locked = false;
    copy.pager = nullptr;
    copy.pager_kinds = 0;
    copy.view.holder = child;
    copy.has_parents_pages = area->copies_id != 0 && !area->is_wiped_on_fork;
    copy.copies_id = copy.has_parents_pages ? ++child->areas.last_copies_id : 0;
    return copy;
}

static enum status copy_area(struct address_space *child, struct vm_area *area) {
    struct spare_areas spares;
    if (area->is_committed && !may_promise(child, area->range.page_count)) {
        return STATUS_NO_MEMORY;
    }
    enum status status = spare_areas_take(&spares, 1);
    if (status == STATUS_OK) {
        const struct vm_area copy = inherited(child, area);
        area_add_like(&child->areas, &spares, &copy, area->range, area->source_page, &area->view);
    }
    return status;
}

static enum status copy_areas(struct address_space *parent, struct address_space *child) {
    struct vm_area *area = area_tree_first(&parent->areas);
    for (; area != nullptr; area = area_next(area)) {
        enum status status = area->is_not_forked ? STATUS_OK : copy_area(child, area);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* The flush is done when the child can first be seen: nobody writes to what it believes to have. */
static enum status share_memory(struct address_space *parent, struct address_space *child) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, &parent->table);
    enum status status =
        page_table_share(&parent->table, &child->table, space_user_range(), &gather);
    tlb_gather_finish(&gather);
    child->resident_pages = parent->resident_pages;
    return status;
}

/* Tables are shared whole, so what the child is not to have is taken from it before it runs. */
static enum status take_back(const struct address_space *parent, struct address_space *child) {
    enum status status = STATUS_OK;
    const struct vm_area *area = area_tree_first(&parent->areas);
    while (area != nullptr && status == STATUS_OK) {
        if (area->is_not_forked || area->is_wiped_on_fork) {
            status = unmap_pages(child, area->range);
        }
        area = area_next(area);
    }
    child->peak_resident_pages = child->resident_pages;
    return status;
}

static void inherit_settings(const struct address_space *parent, struct address_space *child) {
    child->limits = parent->limits;
    child->ask_limits = parent->ask_limits;
    child->mmap_end = parent->mmap_end;
}

static enum status copy_memory(struct address_space *parent, struct address_space *child) {
    struct locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    sleep_lock_acquire(&child->lock);
    inherit_settings(parent, child);
    enum status status = copy_areas(parent, child);
    if (status == STATUS_OK) {
        status = share_memory(parent, child);
    }
    if (status == STATUS_OK) {
        status = take_back(parent, child);
    }
    sleep_lock_release(&child->lock);
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
