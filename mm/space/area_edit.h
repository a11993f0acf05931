#pragma once

#include <stdint.h>

#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/space/area_tree.h"

/* Changing areas in two steps: take the memory first, then split and join without failing (law 2).
 */

constexpr unsigned SPARE_AREAS_MAX = 3;

struct spare_areas {
    struct vm_area *areas[SPARE_AREAS_MAX];
    unsigned count;
};

/* Errors: STATUS_NO_MEMORY; nothing is taken then. */
enum status spare_areas_take(struct spare_areas *spares, unsigned count);

/* Gives back what has not been used. */
void spare_areas_return(struct spare_areas *spares);

/* Fills in a spare area and adds it to `areas`. */
struct vm_area *area_add(struct area_tree *areas, struct spare_areas *spares,
                         struct virt_range range, enum area_kind kind,
                         struct page_attributes attributes, const char *name);

/* Takes `area` out and frees it. */
void area_drop(struct area_tree *areas, struct vm_area *area);

/* How many spare areas area_cut_out of `range` will use: 0, 1 or 2. */
unsigned area_cuts_needed(const struct area_tree *areas, struct virt_range range);

/* Splits areas so that none sticks out of `range`. */
void area_cut_out(struct area_tree *areas, struct spare_areas *spares, struct virt_range range);

/* Joins AREA_ANON neighbours at and around `range` that differ in nothing but their place. An
 * area must lie below `range`, as the null guard does. */
void area_join_around(struct area_tree *areas, struct virt_range range);

/* Copies `from`, cut to `size_bytes` - 1 bytes, and fills the rest of `to` with zeroes. */
void copy_name(char *to, TRUSTED const char *from, unsigned size_bytes);
