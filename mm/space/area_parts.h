#pragma once

#include "mm/space/area_tree.h"

/*
 * Goes over the areas of memory that a range meets, upwards, each cut to the range. It remembers an
 * address and no area, so that the caller may split and join them, or give up the lock, in between.
 */
struct area_parts {
    const struct area_tree *areas;
    uint64_t next;        /* the first address that has not been looked at */
    uint64_t last;        /* of the whole range */
    bool has_hole;        /* some page up to `range` is no memory; so is one behind, at the end */
    struct vm_area *area; /* of the part */
    struct virt_range range;
};

struct area_parts area_parts_of(const struct area_tree *areas, struct virt_range range);

/* To the next part; false where there is none. */
[[nodiscard]] bool area_parts_next(struct area_parts *parts);
