#include "mm/space/area_tree.h"

#include "lib/check.h"

/*
 * Ends are exclusive here and counted in pages, so that the end of the topmost page of the address
 * space does not wrap.
 */
static uint64_t first_page(struct virt_range range) {
    return range.start.value >> PAGE_SHIFT;
}

static uint64_t end_page(struct virt_range range) {
    return first_page(range) + range.page_count;
}

/* Below this page nothing is free, for gaps that are searched for. */
static uint64_t kept_page(const struct vm_area *area) {
    uint64_t first = first_page(area->range);
    uint64_t kept = area->grows_down ? STACK_GAP_PAGES : 0;
    return first > kept ? first - kept : 0;
}

static struct vm_area *area_of(struct tree_node *node) {
    return node == nullptr ? nullptr : TREE_ENTRY(node, struct vm_area, node);
}

static uint64_t larger(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* What an area keeps free below it may reach into the one before. */
static uint64_t gap_between(uint64_t end, uint64_t first) {
    return first > end ? first - end : 0;
}

static void summarise(struct tree_node *node) {
    struct vm_area *area = area_of(node);
    const struct vm_area *left = area_of(node->child[TREE_LEFT]);
    const struct vm_area *right = area_of(node->child[TREE_RIGHT]);
    area->subtree_first = kept_page(area);
    area->subtree_end = end_page(area->range);
    area->subtree_gap = 0;
    if (left != nullptr) {
        uint64_t between = gap_between(left->subtree_end, area->subtree_first);
        area->subtree_gap = larger(left->subtree_gap, between);
        area->subtree_first = left->subtree_first;
    }
    if (right != nullptr) {
        uint64_t between = gap_between(area->subtree_end, right->subtree_first);
        area->subtree_gap = larger(area->subtree_gap, larger(right->subtree_gap, between));
        area->subtree_end = right->subtree_end;
    }
}

void area_tree_init(struct area_tree *areas) {
    *areas = (struct area_tree){};
    tree_init(&areas->tree, summarise);
}

void area_tree_insert(struct area_tree *areas, struct vm_area *area) {
    CHECK(!area_tree_overlaps(areas, area->range)); /* V1 */
    struct tree_node *parent = nullptr;
    struct tree_node *at = areas->tree.root;
    enum tree_side side = TREE_LEFT;
    while (at != nullptr) {
        parent = at;
        bool is_before = area->range.start.value < area_of(at)->range.start.value;
        side = is_before ? TREE_LEFT : TREE_RIGHT;
        at = at->child[side];
    }
    tree_insert(&areas->tree, &area->node, parent, side);
}

void area_tree_remove(struct area_tree *areas, struct vm_area *area) {
    tree_remove(&areas->tree, &area->node);
    areas->last_found = nullptr;
}

void area_tree_resize(struct area_tree *areas, struct vm_area *area, struct virt_range range) {
    const struct vm_area *previous = area_previous(area);
    const struct vm_area *next = area_next(area);
    CHECK(previous == nullptr || end_page(previous->range) <= first_page(range)); /* V1 */
    CHECK(next == nullptr || end_page(range) <= first_page(next->range));         /* V1 */
    area->range = range;
    tree_refresh(&areas->tree, &area->node);
}

struct vm_area *area_tree_find(const struct area_tree *areas, virt_addr_t va) {
    struct vm_area *area = area_tree_find_from(areas, va);
    return area != nullptr && virt_range_contains(area->range, va) ? area : nullptr;
}

struct vm_area *area_tree_find_again(struct area_tree *areas, virt_addr_t va) {
    struct vm_area *last = areas->last_found;
    if (last == nullptr || !virt_range_contains(last->range, va)) {
        last = area_tree_find(areas, va);
        areas->last_found = last != nullptr ? last : areas->last_found;
    }
    return last;
}

struct vm_area *area_tree_find_from(const struct area_tree *areas, virt_addr_t va) {
    struct vm_area *found = nullptr;
    struct vm_area *at = area_of(areas->tree.root);
    while (at != nullptr) {
        bool ends_above = virt_range_last(at->range).value >= va.value;
        if (ends_above) {
            found = at;
        }
        at = area_of(at->node.child[ends_above ? TREE_LEFT : TREE_RIGHT]);
    }
    return found;
}

struct vm_area *area_tree_find_below(const struct area_tree *areas, virt_addr_t va) {
    const struct vm_area *from = area_tree_find_from(areas, va);
    return from != nullptr ? area_previous(from) : area_of(tree_last(&areas->tree));
}

struct vm_area *area_tree_first(const struct area_tree *areas) {
    return area_of(tree_first(&areas->tree));
}

struct vm_area *area_next(const struct vm_area *area) {
    return area_of(tree_next(&area->node));
}

struct vm_area *area_previous(const struct vm_area *area) {
    return area_of(tree_previous(&area->node));
}

bool area_tree_overlaps(const struct area_tree *areas, struct virt_range range) {
    const struct vm_area *area = area_tree_find_from(areas, range.start);
    return area != nullptr && virt_range_overlaps(area->range, range);
}

bool area_tree_covers(const struct area_tree *areas, struct virt_range range) {
    const struct vm_area *area = area_tree_find(areas, range.start);
    while (area != nullptr && !virt_range_contains(area->range, virt_range_last(range))) {
        const struct vm_area *next = area_next(area);
        bool is_adjacent = next != nullptr && first_page(next->range) == end_page(area->range);
        area = is_adjacent ? next : nullptr;
    }
    return area != nullptr;
}

/* A gap search: what is wanted, in pages, and where it may go. */
struct gap_search {
    uint64_t page_count;
    uint64_t guard_pages;
    uint64_t alignment_pages;
    enum tree_side first_side; /* TREE_LEFT: the lowest gap wins */
    uint64_t found;            /* the first page, without guards */
};

/* Whether the request fits into the free pages [floor, ceiling). */
static bool fits_gap(struct gap_search *search, uint64_t floor, uint64_t ceiling) {
    uint64_t needed = search->page_count + 2 * search->guard_pages;
    if (ceiling < floor || ceiling - floor < needed) {
        return false;
    }
    uint64_t lowest = floor + search->guard_pages;
    uint64_t highest = ceiling - search->guard_pages - search->page_count;
    search->found = search->first_side == TREE_LEFT ? align_up(lowest, search->alignment_pages)
                                                    : align_down(highest, search->alignment_pages);
    return search->found >= lowest && search->found <= highest;
}

/*
 * Looks among the gaps of the subtree, of which only [floor, ceiling) counts: in the subtree on the
 * preferred side first.
 */
static bool search_subtree(struct gap_search *search, const struct vm_area *area, uint64_t floor,
                           uint64_t ceiling) {
    if (area == nullptr) {
        return fits_gap(search, floor, ceiling);
    }
    uint64_t before = larger(area->subtree_first, floor) - floor;
    uint64_t after = ceiling - smaller(area->subtree_end, ceiling);
    uint64_t largest = larger(area->subtree_gap, larger(before, after));
    if (ceiling <= floor || largest < search->page_count + 2 * search->guard_pages) {
        return false;
    }
    const uint64_t floors[] = {floor, larger(floor, end_page(area->range))};
    const uint64_t ceilings[] = {smaller(ceiling, kept_page(area)), ceiling};
    enum tree_side near = search->first_side;
    enum tree_side far = near == TREE_LEFT ? TREE_RIGHT : TREE_LEFT;
    return search_subtree(search, area_of(area->node.child[near]), floors[near], ceilings[near]) ||
           search_subtree(search, area_of(area->node.child[far]), floors[far], ceilings[far]);
}

static bool find_gap(const struct area_tree *areas, const struct gap_request *request,
                     enum tree_side first_side, struct virt_range *range) {
    uint64_t alignment = request->alignment_bytes;
    CHECK(alignment >= PAGE_SIZE && (alignment & (alignment - 1)) == 0);
    struct gap_search search = {
        .page_count = request->page_count,
        .guard_pages = request->guard_pages,
        .alignment_pages = alignment >> PAGE_SHIFT,
        .first_side = first_side,
    };
    if (request->page_count == 0 || request->page_count > request->within.page_count) {
        return false;
    }
    uint64_t floor = first_page(request->within);
    uint64_t ceiling = end_page(request->within);
    if (!search_subtree(&search, area_of(areas->tree.root), floor, ceiling)) {
        return false;
    }
    *range = virt_range(virt_addr(search.found << PAGE_SHIFT), request->page_count);
    return true;
}

bool area_tree_find_lowest_gap(const struct area_tree *areas, const struct gap_request *request,
                               struct virt_range *range) {
    return find_gap(areas, request, TREE_LEFT, range);
}

bool area_tree_find_highest_gap(const struct area_tree *areas, const struct gap_request *request,
                                struct virt_range *range) {
    return find_gap(areas, request, TREE_RIGHT, range);
}
