#pragma once

#include "mm/space/area.h"
#include "mm/space/space_private.h"

/* Whether a space may have more, as Linux asks (man 2 getrlimit). */

/* Those that hold now, for whoever is running. */
struct space_limits limits_of(const struct address_space *space);

/* What `page_count` more pages like those of `area` would come to: STATUS_NO_MEMORY, too much in
 * all, or too much data. */
enum status check_growth(const struct address_space *space, const struct vm_area *area,
                         uint64_t page_count);

/* The same where only their kind changes, to data. */
enum status check_growth_of_data(const struct address_space *space, uint64_t page_count);

/* STATUS_NO_MEMORY where so many pages like those of `area` are more than may be promised. */
enum status check_promise(const struct address_space *space, const struct vm_area *area,
                          uint64_t page_count);

/* Whether the space may be promised `page_count` pages more (space_overcommit). */
bool may_promise(const struct address_space *space, uint64_t page_count);

/* Whether the space may have `page_count` more locked pages. */
bool may_lock(const struct address_space *space, uint64_t page_count);

/* Whether pages of the area count as data, and whether as what may be written to later. */
bool is_data(const struct vm_area *area);
bool needs_promise(const struct vm_area *area);
