#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/tree.h"
#include "mm/addr/addr.h"
#include "mm/space/area.h"

/*
 * The areas of one space: sorted, disjoint, each with one meaning (V1). Knows nothing of page
 * tables or locks; the caller holds the space's lock.
 */

BEGIN_C_DECLS

struct area_tree {
    struct tree tree;
};

void area_tree_init(struct area_tree *areas);

/* Adds `area`, whose range must not overlap another's. The tree links it, the caller owns it. */
void area_tree_insert(struct area_tree *areas, struct vm_area *area);
void area_tree_remove(struct area_tree *areas, struct vm_area *area);

/* Gives `area` another range, which must keep its place among its neighbours. */
void area_tree_resize(struct area_tree *areas, struct vm_area *area, struct virt_range range);

/* The area that holds `va`; null where there is none. */
struct vm_area *area_tree_find(const struct area_tree *areas, virt_addr_t va);

/* The first area that ends above `va` (and may hold it), and the last that ends at or below it. */
struct vm_area *area_tree_find_from(const struct area_tree *areas, virt_addr_t va);
struct vm_area *area_tree_find_below(const struct area_tree *areas, virt_addr_t va);

struct vm_area *area_tree_first(const struct area_tree *areas);
struct vm_area *area_next(const struct vm_area *area);
struct vm_area *area_previous(const struct vm_area *area);

/* Whether any page of `range` lies in an area, and whether every page does. */
bool area_tree_overlaps(const struct area_tree *areas, struct virt_range range);
bool area_tree_covers(const struct area_tree *areas, struct virt_range range);

struct gap_request {
    struct virt_range within; /* where to look */
    uint64_t page_count;
    uint64_t alignment_bytes; /* of the first page; a power of two, at least PAGE_SIZE */
    uint64_t guard_pages;     /* that must be free on both sides too, inside `within` */
};

/*
 * The lowest, or the highest, run of free pages that answers `request`; false where there is none.
 * Logarithmic for page alignment. With a larger one, every gap that is long enough but lies badly
 * costs a visit.
 */
[[nodiscard]] bool area_tree_find_lowest_gap(const struct area_tree *areas,
                                             const struct gap_request *request,
                                             struct virt_range *range);
[[nodiscard]] bool area_tree_find_highest_gap(const struct area_tree *areas,
                                              const struct gap_request *request,
                                              struct virt_range *range);

END_C_DECLS
