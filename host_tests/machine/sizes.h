#pragma once

#include "mm/addr/addr.h"

/* Sizes and ranges, as tests write them. */

constexpr uint64_t KIB = 1 << 10;
constexpr uint64_t MIB = 1 << 20;
constexpr uint64_t GIB = 1 << 30;

/* What one large leaf maps. */
constexpr uint64_t PAGES_2M = 2 * MIB / PAGE_SIZE;
constexpr uint64_t PAGES_1G = GIB / PAGE_SIZE;

inline struct virt_range pages_at(uint64_t va, uint64_t page_count) {
    return virt_range(virt_addr(va), page_count);
}
