#include "mm/addr/layout.h"
#include "mm/space/area_edit.h"
#include "mm/space/area_parts.h"
#include "mm/space/fill.h"
#include "mm/space/limits.h"
#include "mm/space/page_changes.h"
#include "mm/space/user_areas.h"
#include "mm/space/user_request.h"

/*
 * Linux looks at arguments in this order: those that make no sense by themselves, whether there is
 * an area, whether it may be so large, and only then whether there is room. Programs can tell.
 */

/* What Linux leaves free of the areas that there may be. */
constexpr uint64_t SPARE_AREA_COUNT = 5;

static bool has_target(const struct space_remap *remap) {
    return remap->is_fixed || remap->keeps_old;
}

static struct virt_range target_of(const struct space_remap *remap) {
    return virt_range(remap->new_start, remap->new_page_count);
}

/* The old range may be of no pages, or of more than there are. */
static bool overlaps_target(const struct space_remap *remap) {
    uint64_t old_first = remap->old.start.value >> PAGE_SHIFT;
    uint64_t new_first = remap->new_start.value >> PAGE_SHIFT;
    return old_first < new_first + remap->new_page_count &&
           new_first < old_first + remap->old.page_count;
}

static enum status check_target(const struct space_remap *remap) {
    bool is_same_size = remap->old.page_count == remap->new_page_count;
    if (!virt_range_is_valid(remap->new_start, remap->new_page_count, 4) ||
        !is_user_range(target_of(remap)) || !remap->may_move ||
        (remap->keeps_old && !is_same_size) || overlaps_target(remap)) {
        return STATUS_INVALID;
    }
    return remap->is_fixed && remap->new_start.value < NULL_GUARD_END ? STATUS_NOT_PERMITTED
                                                                      : STATUS_OK;
}

static enum status check_arguments(const struct space_remap *remap) {
    if (!is_aligned(remap->old.start.value, PAGE_SIZE) || remap->new_page_count == 0 ||
        remap->new_page_count > USER_END >> PAGE_SHIFT) {
        return STATUS_INVALID;
    }
    return has_target(remap) ? check_target(remap) : STATUS_OK;
}

static struct vm_area *find_memory(const struct area_tree *areas, virt_addr_t va) {
    struct vm_area *area = area_tree_find(areas, va);
    return area != nullptr && area_is_memory(area) ? area : nullptr;
}

static uint64_t pages_to_end(const struct vm_area *area, virt_addr_t va) {
    return area->range.page_count - ((va.value - area->range.start.value) >> PAGE_SHIFT);
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Whether the old range, or what will be left of it, is one that can be mapped elsewhere, or
 * larger. */
static enum status check_old(const struct address_space *space, const struct vm_area *area,
                             const struct space_remap *remap) {
    uint64_t old_count = remap->old.page_count;
    if (old_count == 0 && !area->is_shared) {
        return STATUS_INVALID;
    }
    uint64_t kept = smaller(old_count, remap->new_page_count);
    if (kept > pages_to_end(area, remap->old.start)) {
        return STATUS_FAULT;
    }
    if (kept < old_count || old_count == remap->new_page_count) {
        return STATUS_OK;
    }
    uint64_t more = remap->new_page_count - old_count;
    if (area->is_locked && !may_lock(space, more)) {
        return STATUS_TRY_AGAIN;
    }
    return check_growth(space, area, more);
}

/* How a copy of the area that begins at `start` numbers its pages: as they are, unless there are
 * none yet. */
static uint64_t moved_source_page(const struct vm_area *area, virt_addr_t old_start,
                                  virt_addr_t start) {
    if (area->kind == AREA_ANON && area->copies_id == 0) {
        return start.value >> PAGE_SHIFT;
    }
    return area->source_page + ((old_start.value - area->range.start.value) >> PAGE_SHIFT);
}

/* What MREMAP_DONTUNMAP leaves behind, which may have joined what was moved. */
static void leave_empty(struct area_tree *areas, struct virt_range old) {
    struct vm_area *area = area_tree_find(areas, old.start);
    area_begin_change(areas, area);
    area->is_locked = false;
    area->is_lazily_locked = false;
    if (area->range.page_count == old.page_count) {
        area->copies_id = 0;
        area->has_parents_pages = false;
    }
    area_end_change(areas, area);
}

/* A move of what lies in one area; memory is taken before anything is changed. */
struct move {
    struct vm_area *area;
    virt_addr_t old_start;
    uint64_t old_count; /* 0: the area is shown a second time */
    struct virt_range to;
    bool keeps_old;
};

static struct virt_range old_range(const struct move *move) {
    return virt_range(move->old_start, move->old_count);
}

static void leave_old(struct area_tree *areas, struct spare_areas *spares,
                      const struct move *move) {
    if (!move->keeps_old && move->old_count != 0) {
        area_cut_out(areas, spares, old_range(move));
        area_drop_all(areas, old_range(move));
    }
    area_join_around(areas, move->to);
    if (move->keeps_old) {
        leave_empty(areas, old_range(move));
    }
}

static enum status commit_move(struct address_space *space, struct spare_areas *spares,
                               const struct move *move) {
    struct area_tree *areas = &space->areas;
    uint64_t peak = areas->totals.peak_memory;
    uint64_t page = moved_source_page(move->area, move->old_start, move->to.start);
    struct vm_area like = *move->area;
    like.pager = nullptr; /* it does not go along (man 2 userfaultfd) */
    like.pager_kinds = 0;
    struct vm_area *moved = area_add_like(areas, spares, &like, move->to, page, &move->area->view);
    enum status status =
        move->old_count == 0 ? STATUS_OK : move_pages(space, old_range(move), move->to.start);
    if (status == STATUS_OK) {
        leave_old(areas, spares, move);
    } else {
        area_drop(areas, moved);
    }
    bool is_new_peak = areas->totals.memory > peak;
    areas->totals.peak_memory = is_new_peak ? areas->totals.memory : peak;
    return status;
}

static enum status move_area(struct address_space *space, const struct move *move) {
    struct area_tree *areas = &space->areas;
    struct spare_areas spares;
    bool cuts_old = !move->keeps_old && move->old_count != 0;
    unsigned cuts = cuts_old ? area_cuts_needed(areas, old_range(move)) : 0;
    uint64_t more = move->to.page_count - (move->keeps_old ? 0 : move->old_count);
    enum status status = check_promise(space, move->area, more);
    if (status == STATUS_OK) {
        status = spare_areas_take(&spares, 1 + cuts);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = commit_move(space, &spares, move);
    spare_areas_return(&spares);
    return status;
}

/* Where it goes: to the target, or for MREMAP_DONTUNMAP alone, and where there is no target, to
 * where there is room. */
static enum status find_place(struct locked_range *token, const struct space_remap *remap,
                              struct virt_range *to) REQUIRES(token) {
    const struct space_gap gap = {
        .page_count = remap->new_page_count,
        .alignment_bytes = PAGE_SIZE,
    };
    if (has_target(remap)) {
        *to = target_of(remap);
        if (!area_tree_overlaps(&token->space->areas, *to)) {
            return STATUS_OK;
        }
    }
    return space_find_gap(token, &gap, to);
}

static enum status move_to_place(struct locked_range *token, const struct space_remap *remap,
                                 virt_addr_t *start) REQUIRES(token) {
    struct address_space *space = token->space;
    struct move move = {
        .area = find_memory(&space->areas, remap->old.start),
        .old_start = remap->old.start,
        .old_count = remap->old.page_count,
        .keeps_old = remap->keeps_old,
    };
    enum status status = find_place(token, remap, &move.to);
    if (status == STATUS_OK) {
        status = move_area(space, &move);
    }
    if (status == STATUS_OK) {
        *start = move.to.start;
        fill_locked(token, move.to);
    }
    return status;
}

/* Whatever is in the way goes first, and what the move makes smaller is cut off. */
static enum status remap_to_target(struct locked_range *token, const struct space_remap *remap,
                                   virt_addr_t *start) REQUIRES(token) {
    struct address_space *space = token->space;
    struct space_remap rest = *remap;
    enum status status = remap->is_fixed ? space_unmap(token, target_of(remap)) : STATUS_OK;
    if (status == STATUS_OK && remap->new_page_count < remap->old.page_count) {
        uint64_t kept_bytes = remap->new_page_count << PAGE_SHIFT;
        uint64_t cut_count = remap->old.page_count - remap->new_page_count;
        virt_addr_t end = virt_addr(remap->old.start.value + kept_bytes);
        status = space_unmap(token, (struct virt_range){end, cut_count});
        rest.old.page_count = remap->new_page_count;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct vm_area *area = find_memory(&space->areas, remap->old.start);
    if (area == nullptr) {
        return STATUS_FAULT; /* it was itself in the way: a range of no pages overlaps nothing */
    }
    status = remap->keeps_old ? check_growth(space, area, remap->new_page_count) : STATUS_OK;
    return status == STATUS_OK ? move_to_place(token, &rest, start) : status;
}

static bool can_grow_in_place(const struct address_space *space, const struct vm_area *area,
                              const struct space_remap *remap) {
    uint64_t more = remap->new_page_count - remap->old.page_count;
    uint64_t end = virt_range_last(area->range).value + 1;
    return remap->old.page_count == pages_to_end(area, remap->old.start) &&
           more <= (USER_END - end) >> PAGE_SHIFT &&
           !area_tree_overlaps(&space->areas, virt_range(virt_addr(end), more));
}

static enum status grow_in_place(struct locked_range *token, struct vm_area *area, uint64_t more)
    REQUIRES(token) {
    struct area_tree *areas = &token->space->areas;
    struct virt_range old = area->range;
    enum status status = check_promise(token->space, area, more);
    if (status != STATUS_OK) {
        return status;
    }
    struct virt_range added = virt_range(virt_add(virt_range_last(old), 1), more);
    area_resize(areas, area, virt_range(old.start, old.page_count + more));
    area_join_around(areas, added);
    fill_locked(token, added);
    return STATUS_OK;
}

static enum status remap_where_it_is(struct locked_range *token, struct vm_area *area,
                                     const struct space_remap *remap, virt_addr_t *start)
    REQUIRES(token) {
    uint64_t old_count = remap->old.page_count;
    uint64_t new_count = remap->new_page_count;
    *start = remap->old.start;
    if (new_count < old_count) {
        virt_addr_t end = virt_add(remap->old.start, new_count << PAGE_SHIFT);
        return space_unmap(token, (struct virt_range){end, old_count - new_count});
    }
    if (new_count == old_count) {
        return STATUS_OK;
    }
    if (can_grow_in_place(token->space, area, remap)) {
        return grow_in_place(token, area, new_count - old_count);
    }
    return remap->may_move ? move_to_place(token, remap, start) : STATUS_NO_MEMORY;
}

static enum status remap_one(struct locked_range *token, const struct space_remap *remap,
                             virt_addr_t *start) REQUIRES(token) {
    struct vm_area *area = find_memory(&token->space->areas, remap->old.start);
    if (area == nullptr) {
        return STATUS_FAULT;
    }
    bool maps_anew = has_target(remap) || remap->new_page_count > remap->old.page_count;
    if (area->is_sealed) {
        return STATUS_NOT_PERMITTED;
    }
    enum status status = maps_anew ? check_old(token->space, area, remap) : STATUS_OK;
    if (status != STATUS_OK) {
        return status;
    }
    return has_target(remap) ? remap_to_target(token, remap, start)
                             : remap_where_it_is(token, area, remap, start);
}

/* The areas of the old range one after another, with the gaps between them (Linux 6.17). One that
 * has a pager moves only by itself. */
static enum status move_each(struct locked_range *token, const struct space_remap *remap,
                             virt_addr_t *start) REQUIRES(token) {
    enum status status = STATUS_OK;
    struct area_parts part = area_parts_of(&token->space->areas, remap->old);
    while (status == STATUS_OK && area_parts_next(&part)) {
        virt_addr_t moved;
        struct space_remap one = *remap;
        uint64_t offset = part.range.start.value - remap->old.start.value;
        one.old = part.range;
        one.new_page_count = part.range.page_count;
        one.new_start = virt_add(remap->new_start, offset);
        bool is_alone = part.range.page_count == remap->old.page_count;
        status =
            is_alone || part.area->pager == nullptr ? remap_one(token, &one, &moved) : STATUS_FAULT;
    }
    *start = remap->new_start;
    return status;
}

enum status space_remap(struct locked_range *token, const struct space_remap *remap,
                        virt_addr_t *start) {
    struct area_tree *areas = &token->space->areas;
    enum status status = check_arguments(remap);
    check_locked_for_writing(token, space_user_range());
    if (status != STATUS_OK) {
        return status;
    }
    if (areas->totals.area_count + SPARE_AREA_COUNT >= AREA_COUNT_MAX) {
        return STATUS_NO_MEMORY;
    }
    bool is_pure_move = remap->is_fixed && remap->old.page_count == remap->new_page_count;
    bool moves_several = is_pure_move && is_user_range(remap->old) &&
                         find_memory(areas, remap->old.start) != nullptr;
    return moves_several ? move_each(token, remap, start) : remap_one(token, remap, start);
}
