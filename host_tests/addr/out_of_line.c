#include "host_tests/addr/out_of_line.h"

bool call_is_power_of_two(uint64_t value) {
    return is_power_of_two(value);
}

bool call_virt_range_is_valid(virt_addr_t start, uint64_t page_count, unsigned levels) {
    return virt_range_is_valid(start, page_count, levels);
}

bool call_virt_range_checked(virt_addr_t start, uint64_t page_count, unsigned levels,
                             struct virt_range *range) {
    return virt_range_checked(start, page_count, levels, range);
}

bool call_virt_range_contains(struct virt_range range, virt_addr_t va) {
    return virt_range_contains(range, va);
}

bool call_virt_range_covers(struct virt_range outer, struct virt_range inner) {
    return virt_range_covers(outer, inner);
}

bool call_virt_range_overlaps(struct virt_range a, struct virt_range b) {
    return virt_range_overlaps(a, b);
}
