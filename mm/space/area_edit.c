#include "mm/space/area_edit.h"

#include "lib/check.h"
#include "mm/heap/heap.h"

static virt_addr_t range_end(struct virt_range range) {
    return virt_add(range.start, virt_range_size_bytes(range));
}

static struct virt_range range_between(virt_addr_t start, virt_addr_t end) {
    return virt_range(start, (end.value - start.value) >> PAGE_SHIFT);
}

enum status spare_areas_take(struct spare_areas *spares, unsigned count) {
    CHECK(count <= SPARE_AREAS_MAX);
    spares->count = 0;
    while (spares->count < count) {
        struct vm_area *area = heap_alloc(sizeof *area);
        if (area == nullptr) {
            spare_areas_return(spares);
            return STATUS_NO_MEMORY;
        }
        spares->areas[spares->count++] = area;
    }
    return STATUS_OK;
}

void spare_areas_return(struct spare_areas *spares) {
    while (spares->count > 0) {
        heap_free(spares->areas[--spares->count]);
    }
}

struct vm_area *area_add(struct area_tree *areas, struct spare_areas *spares,
                         struct virt_range range, enum area_kind kind,
                         struct page_attributes attributes, const char *name) {
    CHECK(spares->count > 0);
    struct vm_area *area = spares->areas[--spares->count];
    area->range = range;
    area->attributes = attributes;
    area->kind = kind;
    area->has_own_guards = false;
    copy_name(area->name, name, sizeof area->name);
    area_tree_insert(areas, area);
    return area;
}

void area_drop(struct area_tree *areas, struct vm_area *area) {
    area_tree_remove(areas, area);
    heap_free(area);
}

/* The area that a cut right before `va` would go through; null where there is none. */
static struct vm_area *area_across(const struct area_tree *areas, virt_addr_t va) {
    struct vm_area *area = area_tree_find(areas, va);
    return area != nullptr && area->range.start.value != va.value ? area : nullptr;
}

unsigned area_cuts_needed(const struct area_tree *areas, struct virt_range range) {
    bool cuts_start = area_across(areas, range.start) != nullptr;
    bool cuts_end = area_across(areas, range_end(range)) != nullptr;
    return (unsigned)cuts_start + (unsigned)cuts_end;
}

static void cut_before(struct area_tree *areas, struct spare_areas *spares, virt_addr_t va) {
    struct vm_area *area = area_across(areas, va);
    if (area == nullptr) {
        return;
    }
    struct virt_range upper = range_between(va, range_end(area->range));
    area_tree_resize(areas, area, range_between(area->range.start, va));
    area_add(areas, spares, upper, area->kind, area->attributes, area->name);
}

void area_cut_out(struct area_tree *areas, struct spare_areas *spares, struct virt_range range) {
    cut_before(areas, spares, range.start);
    cut_before(areas, spares, range_end(range));
}

static bool are_joinable(const struct vm_area *a, const struct vm_area *b) {
    return a->kind == AREA_ANON && b->kind == AREA_ANON &&
           range_end(a->range).value == b->range.start.value &&
           a->attributes.rights == b->attributes.rights &&
           a->attributes.cache == b->attributes.cache &&
           a->attributes.protection_key == b->attributes.protection_key &&
           __builtin_memcmp(a->name, b->name, sizeof a->name) == 0;
}

void area_join_around(struct area_tree *areas, struct virt_range range) {
    struct vm_area *area = area_tree_find_below(areas, range.start);
    while (area != nullptr && area->range.start.value < range_end(range).value) {
        struct vm_area *next = area_next(area);
        if (next == nullptr || !are_joinable(area, next)) {
            area = next;
            continue;
        }
        struct virt_range joined = range_between(area->range.start, range_end(next->range));
        area_drop(areas, next);
        area_tree_resize(areas, area, joined);
    }
}

void copy_name(char *to, const char *from, unsigned size_bytes) {
    __builtin_memset(to, 0, size_bytes);
    for (unsigned i = 0; i < size_bytes - 1 && from[i] != '\0'; i++) {
        to[i] = from[i];
    }
}
