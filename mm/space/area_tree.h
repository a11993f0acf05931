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

/* How much memory of a process there is of each kind, as man 5 proc tells them apart; in pages. */
struct area_totals {
    uint64_t area_count;
    uint64_t memory;
    uint64_t peak_memory;
    uint64_t data;
    uint64_t stack;
    uint64_t executable;
    uint64_t locked;
    uint64_t shared;
};

struct area_tree {
    struct tree tree;
    struct vm_area *last_found; /* by area_tree_find_again; may be null */
    struct area_totals totals;  /* kept by area_edit.h */
    uint64_t last_copies_id;    /* given to an area of this tree */
};

void area_tree_init(struct area_tree *areas);

/* Adds `area`, whose range must not overlap another's. The tree links it, the caller owns it. */
void area_tree_insert(struct area_tree *areas, struct vm_area *area);
void area_tree_remove(struct area_tree *areas, struct vm_area *area);

/* Gives `area` another range, which must keep its place among its neighbours. */
void area_tree_resize(struct area_tree *areas, struct vm_area *area, struct virt_range range);

/* The area that holds `va`; null where there is none. */
struct vm_area *area_tree_find(const struct area_tree *areas, virt_addr_t va);

/* The same, for who comes to the same area again and again, and has the lock for writing. */
struct vm_area *area_tree_find_again(struct area_tree *areas, virt_addr_t va);

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
 * What lies less than STACK_GAP_PAGES below an area that grows down is not free.
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
