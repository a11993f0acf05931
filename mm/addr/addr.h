#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/check.h"

/*
 * Physical and virtual addresses, and page ranges of them. The two are one-field structs, so mixing
 * them, or using a physical address as a pointer, does not compile (invariant A1).
 */

typedef struct phys_addr {
    uint64_t value;
} phys_addr_t;

typedef struct virt_addr {
    uint64_t value;
} virt_addr_t;

constexpr uint64_t PAGE_SHIFT = 12;
constexpr uint64_t PAGE_SIZE = 1ull << PAGE_SHIFT;
constexpr uint64_t TABLE_INDEX_BITS = 9;
constexpr uint64_t TABLE_ENTRIES = 1ull << TABLE_INDEX_BITS;

static inline phys_addr_t phys_addr(uint64_t value) {
    phys_addr_t pa = {value};
    return pa;
}

static inline virt_addr_t virt_addr(uint64_t value) {
    virt_addr_t va = {value};
    return va;
}

static inline virt_addr_t virt_addr_of(const void *pointer) {
    return virt_addr((uint64_t)pointer);
}

static inline phys_addr_t phys_add(phys_addr_t pa, uint64_t bytes) {
    return phys_addr(pa.value + bytes);
}

static inline virt_addr_t virt_add(virt_addr_t va, uint64_t bytes) {
    return virt_addr(va.value + bytes);
}

/* Bytes that one entry of a table at `level` covers: 4 KiB << 9 * level. 0 is the last level. */
static inline uint64_t level_size(unsigned level) {
    return PAGE_SIZE << (TABLE_INDEX_BITS * level);
}

/* The index of `va` in its table at `level` (SDM 3A 4.5). */
static inline unsigned level_index(virt_addr_t va, unsigned level) {
    return (unsigned)(va.value >> (PAGE_SHIFT + TABLE_INDEX_BITS * level)) & (TABLE_ENTRIES - 1);
}

static inline bool is_power_of_two(uint64_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

static inline uint64_t align_down(uint64_t value, uint64_t power_of_two) {
    return value & ~(power_of_two - 1);
}

static inline bool is_aligned(uint64_t value, uint64_t power_of_two) {
    return (value & (power_of_two - 1)) == 0;
}

/* `value` rounded up; the caller has checked that it does not wrap. */
static inline uint64_t align_up(uint64_t value, uint64_t power_of_two) {
    return align_down(value + power_of_two - 1, power_of_two);
}

/* Whether `va` is canonical with `levels` (4 or 5) levels of paging (SDM 1 3.3.7.1). */
static inline bool virt_is_canonical(virt_addr_t va, unsigned levels) {
    unsigned unused_bits = 64 - (PAGE_SHIFT + TABLE_INDEX_BITS * levels);
    return (uint64_t)((int64_t)(va.value << unused_bits) >> unused_bits) == va.value;
}

/*
 * A run of pages: page-aligned, not empty, does not wrap, does not cross the canonical hole
 * (invariant A2). Made by virt_range_checked from what the world says, or by virt_range from what
 * the programmer knows.
 */
struct virt_range {
    virt_addr_t start;
    uint64_t page_count;
};

static inline bool virt_range_is_valid(virt_addr_t start, uint64_t page_count, unsigned levels) {
    if (page_count == 0 || !is_aligned(start.value, PAGE_SIZE) ||
        page_count > UINT64_MAX >> PAGE_SHIFT) {
        return false;
    }
    virt_addr_t last = virt_add(start, (page_count - 1) << PAGE_SHIFT);
    bool same_half = (start.value >> 63) == (last.value >> 63);
    return last.value >= start.value && same_half && virt_is_canonical(start, levels) &&
           virt_is_canonical(last, levels);
}

/* The range of `page_count` pages from `start`; CHECKs A2 for 5-level paging, the wider one. */
static inline struct virt_range virt_range(virt_addr_t start, uint64_t page_count) {
    CHECK(virt_range_is_valid(start, page_count, 5)); /* A2 */
    struct virt_range range = {start, page_count};
    return range;
}

/* Stores the range at `range` and returns true, or returns false where A2 would not hold. */
[[nodiscard]] static inline bool virt_range_checked(virt_addr_t start, uint64_t page_count,
                                                    unsigned levels, struct virt_range *range) {
    if (!virt_range_is_valid(start, page_count, levels)) {
        return false;
    }
    range->start = start;
    range->page_count = page_count;
    return true;
}

static inline uint64_t virt_range_size_bytes(struct virt_range range) {
    return range.page_count << PAGE_SHIFT;
}

/* The last byte of the range. (An exclusive end would wrap for the topmost page.) */
static inline virt_addr_t virt_range_last(struct virt_range range) {
    return virt_add(range.start, virt_range_size_bytes(range) - 1);
}

static inline bool virt_range_contains(struct virt_range range, virt_addr_t va) {
    return va.value >= range.start.value && va.value <= virt_range_last(range).value;
}

static inline bool virt_range_covers(struct virt_range outer, struct virt_range inner) {
    return virt_range_contains(outer, inner.start) &&
           virt_range_contains(outer, virt_range_last(inner));
}

static inline bool virt_range_overlaps(struct virt_range a, struct virt_range b) {
    return a.start.value <= virt_range_last(b).value && b.start.value <= virt_range_last(a).value;
}
