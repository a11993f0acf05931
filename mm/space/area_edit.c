#include "mm/space/area_edit.h"

#include "lib/check.h"
#include "mm/heap/heap.h"
#include "mm/object/memory_object.h"
#include "mm/space/commit.h"

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

static void count_pages(uint64_t *total, bool counts, int64_t pages) {
    *total += counts ? (uint64_t)pages : 0;
}

/* Kinds as Linux has them (man 5 proc, VmData and its like). */
static void count_area(struct area_tree *areas, const struct vm_area *area, int64_t sign) {
    if (!area_is_memory(area)) {
        return;
    }
    struct area_totals *totals = &areas->totals;
    int64_t pages = sign * (int64_t)area->range.page_count;
    bool is_writable = (area->attributes.rights & RIGHT_WRITE) != 0;
    bool is_executable = (area->attributes.rights & RIGHT_EXECUTE) != 0;
    count_pages(&totals->memory, true, pages);
    count_pages(&totals->data, is_writable && !area->is_shared && !area->grows_down, pages);
    count_pages(&totals->stack, area->grows_down, pages);
    count_pages(&totals->executable, is_executable && !is_writable && !area->grows_down, pages);
    count_pages(&totals->locked, area->is_locked, pages);
    count_pages(&totals->shared, area->is_shared, pages);
    if (area->is_committed) {
        commit_pages(pages);
    }
    if (totals->memory > totals->peak_memory) {
        totals->peak_memory = totals->memory;
    }
}

void area_begin_change(struct area_tree *areas, const struct vm_area *area) {
    count_area(areas, area, -1);
}

void area_end_change(struct area_tree *areas, const struct vm_area *area) {
    count_area(areas, area, 1);
}

static void link_area(struct area_tree *areas, struct vm_area *area) {
    area_tree_insert(areas, area);
    areas->totals.area_count++;
    count_area(areas, area, 1);
}

struct vm_area *area_add(struct area_tree *areas, struct spare_areas *spares,
                         struct virt_range range, enum area_kind kind,
                         struct page_attributes attributes, const char *name) {
    CHECK(spares->count > 0);
    struct vm_area *area = spares->areas[--spares->count];
    *area = (struct vm_area){.range = range, .kind = kind, .attributes = attributes};
    copy_name(area->name, name, sizeof area->name);
    link_area(areas, area);
    return area;
}

static void show_source(struct vm_area *area, struct object_view *beside) {
    struct object_views *views = memory_object_views(area->source->object);
    area_source_ref(area->source);
    if (beside != nullptr) {
        object_views_add_beside(views, &area->view, beside);
    } else {
        object_views_add(views, &area->view);
    }
}

/* The area says already whose it is. */
static void join_pager(struct vm_area *area) {
    if (area->pager != nullptr) {
        area->pager->operations->ref(area->pager);
        list_push_back(&area->pager->areas, &area->of_pager);
    }
}

static void leave_pager(struct vm_area *area) {
    if (area->pager != nullptr) {
        list_remove(&area->of_pager);
        area->pager->operations->unref(area->pager);
    }
}

void area_set_pager(struct vm_area *area, struct area_pager *pager, uint8_t kinds) {
    if (area->pager != pager) {
        leave_pager(area);
        area->pager = pager;
        join_pager(area);
    }
    area->pager_kinds = kinds;
}

struct vm_area *area_add_like(struct area_tree *areas, struct spare_areas *spares,
                              const struct vm_area *like, struct virt_range range,
                              uint64_t source_page, struct object_view *beside) {
    CHECK(spares->count > 0);
    struct vm_area *area = spares->areas[--spares->count];
    *area = *like;
    area->range = range;
    area->source_page = source_page;
    if (area->source != nullptr) {
        show_source(area, beside);
    }
    join_pager(area);
    link_area(areas, area);
    return area;
}

void area_drop(struct area_tree *areas, struct vm_area *area) {
    count_area(areas, area, -1);
    areas->totals.area_count--;
    area_tree_remove(areas, area);
    if (area->source != nullptr) {
        object_views_remove(memory_object_views(area->source->object), &area->view);
        area_source_unref(area->source);
    }
    leave_pager(area);
    heap_free(area);
}

void area_drop_all(struct area_tree *areas, struct virt_range range) {
    struct vm_area *area = area_tree_find_from(areas, range.start);
    while (area != nullptr && virt_range_overlaps(area->range, range)) {
        struct vm_area *next = area_next(area);
        area_drop(areas, area);
        area = next;
    }
}

void area_resize(struct area_tree *areas, struct vm_area *area, struct virt_range range) {
    int64_t shift = (int64_t)(range.start.value - area->range.start.value) >> PAGE_SHIFT;
    count_area(areas, area, -1);
    area_tree_resize(areas, area, range);
    area->source_page += (uint64_t)shift;
    count_area(areas, area, 1);
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
    struct virt_range lower = range_between(area->range.start, va);
    area_resize(areas, area, lower);
    area_add_like(areas, spares, area, upper, area->source_page + lower.page_count, &area->view);
}

void area_cut_out(struct area_tree *areas, struct spare_areas *spares, struct virt_range range) {
    cut_before(areas, spares, range.start);
    cut_before(areas, spares, range_end(range));
}

bool area_may_cut(const struct area_tree *areas, struct virt_range range) {
    const struct vm_area *first = area_across(areas, range.start);
    bool makes_hole = first != nullptr && first == area_across(areas, range_end(range));
    return !makes_hole || areas->totals.area_count < AREA_COUNT_MAX;
}

enum status area_isolate(struct area_tree *areas, struct virt_range range, struct vm_area **area) {
    struct spare_areas spares;
    unsigned cuts = area_cuts_needed(areas, range);
    if (areas->totals.area_count + cuts > AREA_COUNT_MAX) {
        return STATUS_NO_MEMORY;
    }
    enum status status = spare_areas_take(&spares, cuts);
    if (status == STATUS_OK) {
        area_cut_out(areas, &spares, range);
        *area = area_tree_find(areas, range.start);
    }
    return status;
}

static bool have_same_policy(const struct vm_area *a, const struct vm_area *b) {
    return a->policy.mode == b->policy.mode && a->policy.nodes == b->policy.nodes &&
           a->policy.has_home_node == b->policy.has_home_node;
}

static bool have_same_flags(const struct vm_area *a, const struct vm_area *b) {
    return a->is_shared == b->is_shared && a->grows_down == b->grows_down &&
           a->is_locked == b->is_locked && a->is_lazily_locked == b->is_lazily_locked &&
           a->is_unreserved == b->is_unreserved && a->is_committed == b->is_committed &&
           a->is_not_forked == b->is_not_forked && a->is_wiped_on_fork == b->is_wiped_on_fork &&
           a->is_sealed == b->is_sealed && a->pager == b->pager && a->pager_kinds == b->pager_kinds;
}

bool area_continues(const struct vm_area *below, const struct vm_area *above) {
    return area_is_memory(below) && below->kind == above->kind && below->source == above->source &&
           range_end(below->range).value == above->range.start.value &&
           below->source_page + below->range.page_count == above->source_page &&
           below->rights_max == above->rights_max &&
           below->attributes.cache == above->attributes.cache &&
           below->attributes.protection_key == above->attributes.protection_key &&
           have_same_flags(below, above) && have_same_policy(below, above) &&
           __builtin_memcmp(below->name, above->name, sizeof below->name) == 0;
}

/* Pages from before a fork are found from where they were then, so they stay by themselves. */
static bool have_joinable_copies(const struct vm_area *a, const struct vm_area *b) {
    if (a->copies_id == 0 || b->copies_id == 0) {
        return !a->has_parents_pages && !b->has_parents_pages;
    }
    return a->copies_id == b->copies_id;
}

static bool are_joinable(const struct vm_area *below, const struct vm_area *above) {
    return area_continues(below, above) && below->rights_asked == above->rights_asked &&
           have_joinable_copies(below, above);
}

static void join(struct area_tree *areas, struct vm_area *area, struct vm_area *next) {
    struct virt_range joined = range_between(area->range.start, range_end(next->range));
    area->copies_id = area->copies_id != 0 ? area->copies_id : next->copies_id;
    if (area->source != nullptr) {
        object_views_join(memory_object_views(area->source->object), &area->view, &next->view);
    }
    area_drop(areas, next);
    area_resize(areas, area, joined);
}

void area_join_around(struct area_tree *areas, struct virt_range range) {
    struct vm_area *area = area_tree_find_below(areas, range.start);
    while (area != nullptr && range_end(area->range).value <= range_end(range).value) {
        struct vm_area *next = area_next(area);
        if (next == nullptr || !are_joinable(area, next)) {
            area = next;
            continue;
        }
        join(areas, area, next);
    }
}

static bool lends_copies_id(const struct vm_area *area) {
    return area->copies_id != 0 && !area->has_parents_pages;
}

void area_note_copies(struct area_tree *areas, struct vm_area *area) {
    if (area->copies_id != 0) {
        return;
    }
    const struct vm_area *next = area_next(area);
    const struct vm_area *previous = area_previous(area); /* at least the null guard */
    if (next != nullptr && area_continues(area, next) && lends_copies_id(next)) {
        area->copies_id = next->copies_id;
    } else if (area_continues(previous, area) && lends_copies_id(previous)) {
        area->copies_id = previous->copies_id;
    } else {
        area->copies_id = ++areas->last_copies_id;
    }
}

void copy_name(char *to, const char *from, unsigned size_bytes) {
    __builtin_memset(to, 0, size_bytes);
    for (unsigned i = 0; i < size_bytes - 1 && from[i] != '\0'; i++) {
        to[i] = from[i];
    }
}
