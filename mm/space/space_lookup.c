#include "mm/space/address_space.h"
#include "mm/space/space_private.h"

static struct page_query query_entry(struct address_space *space, virt_addr_t va) {
    struct locked_range token;
    space_lock_for_reading(space, space_whole_range(space), &token);
    struct page_query entry = page_table_query(&space->table, va);
    space_unlock(&token);
    return entry;
}

enum status space_translate(struct address_space *space, virt_addr_t va, struct translation *out) {
    if (!virt_is_canonical(va, space->table.levels)) {
        return STATUS_FAULT;
    }
    struct page_query entry = query_entry(space, va);
    if (entry.kind != PAGE_MAPPED) {
        return STATUS_FAULT;
    }
    out->pa = entry.pa;
    out->level = entry.level;
    out->attributes = entry.attributes;
    return STATUS_OK;
}

static bool copy_area(const struct vm_area *area, struct vm_area *out) {
    if (area == nullptr) {
        return false;
    }
    *out = *area;
    return true;
}

bool space_find_area_unlocked(const struct address_space *space, virt_addr_t va,
                              struct vm_area *out) {
    return copy_area(area_tree_find(&space->areas, va), out);
}

bool space_find_area(struct address_space *space, virt_addr_t va, struct vm_area *out) {
    struct locked_range token;
    space_lock_for_reading(space, space_whole_range(space), &token);
    bool is_found = copy_area(area_tree_find(&space->areas, va), out);
    space_unlock(&token);
    return is_found;
}

bool space_find_area_below(struct address_space *space, virt_addr_t va, struct vm_area *out) {
    struct locked_range token;
    space_lock_for_reading(space, space_whole_range(space), &token);
    bool is_found = copy_area(area_tree_find_below(&space->areas, va), out);
    space_unlock(&token);
    return is_found;
}

bool space_find_area_above(struct address_space *space, virt_addr_t va, struct vm_area *out) {
    struct locked_range token;
    space_lock_for_reading(space, space_whole_range(space), &token);
    const struct vm_area *area = area_tree_find_from(&space->areas, va);
    if (area != nullptr && virt_range_contains(area->range, va)) {
        area = area_next(area);
    }
    bool is_found = copy_area(area, out);
    space_unlock(&token);
    return is_found;
}

void space_for_each_area(struct address_space *space,
                         bool (*visit)(void *context, const struct vm_area *area), void *context) {
    space_for_each_area_from(space, virt_addr(0), visit, context);
}

void space_for_each_area_from(struct address_space *space, virt_addr_t va,
                              bool (*visit)(void *context, const struct vm_area *area),
                              void *context) {
    struct locked_range token;
    space_lock_for_reading(space, space_whole_range(space), &token);
    const struct vm_area *area = area_tree_find_from(&space->areas, va);
    while (area != nullptr && visit(context, area)) {
        area = area_next(area);
    }
    space_unlock(&token);
}
