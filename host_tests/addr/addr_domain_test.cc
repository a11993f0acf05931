#include "mm/addr/addr.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "host_tests/addr/out_of_line.h"
#include "host_tests/machine/machine_test.h"

/*
 * Every level, index and alignment, and every address at which something changes: beside each
 * power of two, from below and from above, and at the ends. What they should say is worked out in
 * 128 bits, where nothing wraps.
 */

namespace {

using wide = __int128;

constexpr unsigned LEVELS[] = {4, 5};
constexpr wide END = wide{1} << 64; /* of all addresses, exclusive */

/* The numbers around each power of two and around what is as far from the top. */
std::set<uint64_t> boundary_numbers() {
    std::set<uint64_t> numbers;
    for (unsigned bit = 0; bit < 64; bit++) {
        for (uint64_t beside : {-1, 0, 1}) {
            numbers.insert((1ull << bit) + beside);
            numbers.insert(-(1ull << bit) + beside);
        }
    }
    return numbers;
}

std::set<uint64_t> boundary_pages() {
    std::set<uint64_t> pages;
    for (uint64_t number : boundary_numbers()) {
        for (uint64_t beside : {-PAGE_SIZE, uint64_t{0}, PAGE_SIZE}) {
            pages.insert(number / PAGE_SIZE * PAGE_SIZE + beside);
        }
    }
    return pages;
}

/* The halves that a canonical address can lie in, as [first, end). */
bool is_in_one_half(wide first, wide end, unsigned levels) {
    wide half = wide{1} << (11 + 9 * levels);
    return (first >= 0 && end <= half) || (first >= END - half && end <= END);
}

bool is_range(uint64_t start, uint64_t page_count, unsigned levels) {
    wide end = wide{start} + wide{page_count} * 4096;
    return start % 4096 == 0 && page_count > 0 && is_in_one_half(start, end, levels);
}

/* All ranges that begin and end at a boundary, are short, or begin at one and are long. */
std::vector<struct virt_range> boundary_ranges() {
    std::vector<struct virt_range> ranges;
    for (uint64_t start : boundary_pages()) {
        for (uint64_t page_count : {1ull, 2ull, 512ull, 1ull << 18, 1ull << 35, 1ull << 44}) {
            if (is_range(start, page_count, 5)) {
                ranges.push_back(virt_range(virt_addr(start), page_count));
            }
        }
    }
    return ranges;
}

wide end_of(struct virt_range range) {
    return wide{range.start.value} + wide{range.page_count} * 4096;
}

TEST(AddrDomain, EveryIndexOfEveryLevelIsFoundWhateverTheOtherBitsAre) {
    for (unsigned level = 0; level < 5; level++) {
        for (uint64_t index = 0; index < 512; index++) {
            uint64_t place = index << (12 + 9 * level);
            uint64_t others = ~(511ull << (12 + 9 * level));
            ASSERT_EQ(level_index(virt_addr(place), level), index);
            ASSERT_EQ(level_index(virt_addr(place | others), level), index);
            ASSERT_EQ(place, index * level_size(level));
        }
    }
}

TEST(AddrDomain, CanonicalIsWhatLiesInAHalf) {
    for (uint64_t number : boundary_numbers()) {
        for (unsigned levels : LEVELS) {
            ASSERT_EQ(virt_is_canonical(virt_addr(number), levels),
                      is_in_one_half(number, wide{number} + 1, levels))
                << std::hex << number;
        }
    }
}

TEST(AddrDomain, EveryNumberIsRoundedToEveryPowerOfTwo) {
    for (uint64_t number : boundary_numbers()) {
        for (unsigned bit = 0; bit < 64; bit++) {
            uint64_t power = 1ull << bit;
            wide up = (wide{number} + power - 1) / power * power;
            ASSERT_EQ(align_down(number, power), number / power * power);
            ASSERT_EQ(is_aligned(number, power), number % power == 0);
            if (up < END) {
                ASSERT_EQ(align_up(number, power), static_cast<uint64_t>(up));
            }
        }
    }
}

TEST(AddrDomain, APowerOfTwoHasOneBit) {
    for (uint64_t number : boundary_numbers()) {
        ASSERT_EQ(call_is_power_of_two(number), __builtin_popcountll(number) == 1) << number;
    }
}

TEST(AddrDomain, ARangeIsValidWhereNothingOfItLeavesItsHalf) { // A2
    for (uint64_t start : boundary_numbers()) {
        for (uint64_t page_count : boundary_numbers()) {
            for (unsigned levels : LEVELS) {
                ASSERT_EQ(call_virt_range_is_valid(virt_addr(start), page_count, levels),
                          is_range(start, page_count, levels))
                    << std::hex << start << " " << page_count;
            }
        }
    }
}

TEST(AddrDomain, ARangeOfPagesIsValidWhereNothingOfItLeavesItsHalf) { // A2
    for (uint64_t start : boundary_pages()) {
        for (uint64_t page_count : boundary_numbers()) {
            struct virt_range made = {virt_addr(1), 1};
            bool is_valid = is_range(start, page_count, 4);
            ASSERT_EQ(call_virt_range_checked(virt_addr(start), page_count, 4, &made), is_valid);
            ASSERT_EQ(made.start.value, is_valid ? start : 1);
            ASSERT_EQ(made.page_count, is_valid ? page_count : 1);
        }
    }
}

TEST(AddrDomain, ARangeContainsWhatLiesBetweenItsEnds) {
    std::set<uint64_t> numbers = boundary_numbers();
    for (struct virt_range range : boundary_ranges()) {
        ASSERT_EQ(wide{virt_range_last(range).value} + 1, end_of(range));
        ASSERT_EQ(wide{virt_range_size_bytes(range)}, end_of(range) - range.start.value);
        for (uint64_t number : numbers) {
            ASSERT_EQ(call_virt_range_contains(range, virt_addr(number)),
                      number >= range.start.value && number < end_of(range));
        }
    }
}

TEST(AddrDomain, RangesCoverAndOverlapAsIntervalsDo) {
    std::vector<struct virt_range> ranges = boundary_ranges();
    for (struct virt_range a : ranges) {
        for (struct virt_range b : ranges) {
            bool covers = a.start.value <= b.start.value && end_of(b) <= end_of(a);
            bool overlaps = a.start.value < end_of(b) && b.start.value < end_of(a);
            ASSERT_EQ(call_virt_range_covers(a, b), covers);
            ASSERT_EQ(call_virt_range_overlaps(a, b), overlaps);
        }
    }
}

TEST(AddrDomain, AddingBytesIsAddingNumbers) {
    for (uint64_t number : boundary_numbers()) {
        for (uint64_t bytes : boundary_numbers()) {
            ASSERT_EQ(phys_add(phys_addr(number), bytes).value, number + bytes);
            ASSERT_EQ(virt_add(virt_addr(number), bytes).value, number + bytes);
        }
    }
}

} // namespace
