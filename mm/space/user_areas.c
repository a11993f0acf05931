#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/space/address_space.h"
#include "mm/space/area_edit.h"
#include "mm/space/fault_resolve.h"
#include "mm/space/space_private.h"

constexpr uint8_t USER_RIGHTS = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_USER;

/* The whole range is checked, and so that nothing can wrap (S58). */
static bool is_user_range(struct virt_range range) {
    return virt_range_is_valid(range.start, range.page_count, 4) &&
           virt_range_covers(space_user_range(), range);
}

/* On x86 what is present can be read, so every right brings RIGHT_READ with it. */
static struct page_attributes user_attributes(uint8_t rights) {
    bool is_present = (rights & ~RIGHT_USER) != RIGHT_NONE;
    struct page_attributes attributes = {
        .rights = is_present ? rights | RIGHT_READ | RIGHT_USER : RIGHT_NONE,
        .cache = CACHE_WRITE_BACK,
    };
    return attributes;
}

/* What a request from user space is refused for before anything is looked up. */
static enum status check_request(const struct locked_range *token, struct virt_range range,
                                 uint8_t rights) {
    CHECK(token->space->table.half == HALF_USER);
    if (!is_user_range(range) || (rights & ~USER_RIGHTS) != 0) {
        return STATUS_INVALID;
    }
    check_locked_for_writing(token, range);
    return STATUS_OK;
}

enum status space_map_anonymous(struct locked_range *token, struct virt_range range, uint8_t rights,
                                const char *name) {
    struct address_space *space = token->space;
    struct page_attributes attributes = user_attributes(rights);
    struct spare_areas spares;
    enum status status = check_request(token, range, rights);
    if (status != STATUS_OK) {
        return status;
    }
    if (area_tree_overlaps(&space->areas, range)) {
        return STATUS_EXISTS;
    }
    status = spare_areas_take(&spares, 1);
    if (status != STATUS_OK) {
        return status;
    }
    area_add(&space->areas, &spares, range, AREA_ANON, attributes, name);
    area_join_around(&space->areas, range);
    return STATUS_OK;
}

static enum status populate_page(struct locked_range *token, virt_addr_t va) REQUIRES(token) {
    enum status status = fault_resolve(token, va, ACCESS_WRITE);
    if (status == STATUS_ACCESS_DENIED) {
        status = fault_resolve(token, va, ACCESS_READ);
    }
    return status == STATUS_ACCESS_DENIED ? STATUS_FAULT : status;
}

enum status space_populate(struct locked_range *token, struct virt_range range) {
    enum status status = check_request(token, range, RIGHT_NONE);
    for (uint64_t i = 0; status == STATUS_OK && i < range.page_count; i++) {
        status = populate_page(token, virt_add(range.start, i << PAGE_SHIFT));
    }
    return status;
}

enum status space_find_gap(struct locked_range *token, uint64_t page_count, uint64_t alignment,
                           struct virt_range *range) {
    constexpr uint64_t where = (SPACE_MMAP_END - NULL_GUARD_END) >> PAGE_SHIFT;
    struct gap_request request = {
        .within = virt_range(virt_addr(NULL_GUARD_END), where),
        .page_count = page_count,
        .alignment_bytes = alignment,
    };
    bool is_found = area_tree_find_highest_gap(&token->space->areas, &request, range);
    return is_found ? STATUS_OK : STATUS_NO_MEMORY;
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

static enum status unmap_pages(struct page_table *table, struct virt_range range) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_unmap(table, range, &gather, nullptr);
    tlb_gather_finish(&gather);
    return status;
}

static enum status protect_pages(struct page_table *table, struct virt_range range,
                                 struct page_attributes attributes) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_protect(table, range, attributes, &gather);
    tlb_gather_finish(&gather);
    return status;
}

static void drop_areas(struct area_tree *areas, struct virt_range range) {
    struct vm_area *area = area_tree_find_from(areas, range.start);
    while (area != nullptr && virt_range_overlaps(area->range, range)) {
        struct vm_area *next = area_next(area);
        area_drop(areas, area);
        area = next;
    }
}

enum status space_unmap(struct locked_range *token, struct virt_range range) {
    struct address_space *space = token->space;
    enum status status = check_request(token, range, RIGHT_NONE);
    if (status != STATUS_OK || !spare_null_guard(&range)) {
        return status;
    }
    struct spare_areas spares;
    status = spare_areas_take(&spares, area_cuts_needed(&space->areas, range));
    if (status != STATUS_OK) {
        return status;
    }
    status = unmap_pages(&space->table, range);
    if (status == STATUS_OK) {
        area_cut_out(&space->areas, &spares, range);
        drop_areas(&space->areas, range);
    }
    spare_areas_return(&spares);
    return status;
}

/* Whether every page of `range` is memory, as man 2 mprotect asks for. */
static bool is_all_memory(const struct area_tree *areas, struct virt_range range) {
    if (!area_tree_covers(areas, range)) {
        return false;
    }
    const struct vm_area *area = area_tree_find(areas, range.start);
    while (area != nullptr && virt_range_overlaps(area->range, range)) {
        if (area->kind != AREA_ANON) {
            return false;
        }
        area = area_next(area);
    }
    return true;
}

static void set_attributes(struct area_tree *areas, struct virt_range range,
                           struct page_attributes attributes) {
    struct vm_area *area = area_tree_find(areas, range.start);
    while (area != nullptr && virt_range_overlaps(area->range, range)) {
        area->attributes = attributes;
        area = area_next(area);
    }
    area_join_around(areas, range);
}

enum status space_protect(struct locked_range *token, struct virt_range range, uint8_t rights) {
    struct address_space *space = token->space;
    struct page_attributes attributes = user_attributes(rights);
    enum status status = check_request(token, range, rights);
    if (status != STATUS_OK) {
        return status;
    }
    if (!is_all_memory(&space->areas, range)) {
        return STATUS_NO_MEMORY;
    }
    struct spare_areas spares;
    status = spare_areas_take(&spares, area_cuts_needed(&space->areas, range));
    if (status != STATUS_OK) {
        return status;
    }
    status = protect_pages(&space->table, range, attributes);
    if (status == STATUS_OK) {
        area_cut_out(&space->areas, &spares, range);
        set_attributes(&space->areas, range, attributes);
    }
    spare_areas_return(&spares);
    return status;
}
