#pragma once

#include <stdint.h>

#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/space/area_tree.h"
#include "mm/space/user_areas.h"

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

/* Fills in a spare area with all that `like` says but its place, and adds it. It shows its source
 * from `source_page` on, with a reference and a view of its own: of what `beside` shows too, which
 * may be null. */
struct vm_area *area_add_like(struct area_tree *areas, struct spare_areas *spares,
                              const struct vm_area *like, struct virt_range range,
                              uint64_t source_page, struct object_view *beside);

/* Gives the area another pager, which may be null, for pages of these kinds. */
void area_set_pager(struct vm_area *area, struct area_pager *pager, uint8_t kinds);

/* Takes `area` out and frees it, with its reference and its view: no entry shows its object any
 * more. */
void area_drop(struct area_tree *areas, struct vm_area *area);

/* The same for every area in `range`, out of which none sticks. */
void area_drop_all(struct area_tree *areas, struct virt_range range);

/* How many spare areas area_cut_out of `range` will use: 0, 1 or 2. */
unsigned area_cuts_needed(const struct area_tree *areas, struct virt_range range);

/* Splits areas so that none sticks out of `range`. */
void area_cut_out(struct area_tree *areas, struct spare_areas *spares, struct virt_range range);

/*
 * Cuts areas so that `range`, which lies in one, is an area of its own, until area_join_around
 * joins it again. Errors: STATUS_NO_MEMORY, also where there would be more than AREA_COUNT_MAX
 * areas; nothing has changed.
 */
enum status area_isolate(struct area_tree *areas, struct virt_range range, struct vm_area **area);

/* Whether `range` can be taken out without more than AREA_COUNT_MAX areas. */
bool area_may_cut(const struct area_tree *areas, struct virt_range range);

/* Gives `area` another range. Its first page goes on showing the same page of its source where the
 * start stays, and one as much lower or higher where it moves. */
void area_resize(struct area_tree *areas, struct vm_area *area, struct virt_range range);

/* Around a change of what an area counts as: its rights and its flags. */
void area_begin_change(struct area_tree *areas, const struct vm_area *area);
void area_end_change(struct area_tree *areas, const struct vm_area *area);

/* The same memory, cut in two or not: whether nothing but place and rights tells `above` from what
 * follows `below`, private pages aside. */
bool area_continues(const struct vm_area *below, const struct vm_area *above);

/* Says that the area, memory of a process, is about to have private pages (copies_id). */
void area_note_copies(struct area_tree *areas, struct vm_area *area);

/* Joins areas of memory that differ in nothing but their place, where one ends and the other begins
 * in `range` or at its ends. An area must lie below `range`, as the null guard does. */
void area_join_around(struct area_tree *areas, struct virt_range range);

/* Copies `from`, cut to `size_bytes` - 1 bytes, and fills the rest of `to` with zeroes. */
void copy_name(char *to, TRUSTED const char *from, unsigned size_bytes);
