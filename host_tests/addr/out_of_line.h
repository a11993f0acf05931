#pragma once

#include "lib/decls.h"
#include "mm/addr/addr.h"

/*
 * Inline functions of mm/addr as functions of a library, so that host_tests/mutants can put
 * weakened ones in their place.
 */

BEGIN_C_DECLS

bool call_is_power_of_two(uint64_t value);
bool call_virt_range_is_valid(virt_addr_t start, uint64_t page_count, unsigned levels);
bool call_virt_range_checked(virt_addr_t start, uint64_t page_count, unsigned levels,
                             struct virt_range *range);
bool call_virt_range_contains(struct virt_range range, virt_addr_t va);
bool call_virt_range_covers(struct virt_range outer, struct virt_range inner);
bool call_virt_range_overlaps(struct virt_range a, struct virt_range b);

END_C_DECLS
