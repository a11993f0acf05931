#include "mm/addr/addr.h"

#include <gtest/gtest.h>

#include <random>
#include <type_traits>

#include "host_tests/addr/out_of_line.h"
#include "host_tests/machine/machine_test.h"
#include "mm/addr/layout.h"

namespace {

constexpr uint64_t LOWER_TOP = 0x00007fffffffffff;
constexpr uint64_t UPPER_BOTTOM = 0xffff800000000000;
constexpr uint64_t LOWER_TOP_5 = 0x00ffffffffffffff;
constexpr uint64_t UPPER_BOTTOM_5 = 0xff00000000000000;

bool is_valid(uint64_t start, uint64_t page_count, unsigned levels = 4) {
    return call_virt_range_is_valid(virt_addr(start), page_count, levels);
}

/* What the manual says, bit by bit: all bits from the highest used one upwards are equal. */
bool is_canonical_by_the_manual(uint64_t value, unsigned bits) {
    for (unsigned bit = bits; bit < 64; bit++) {
        if (((value >> bit) & 1) != ((value >> (bits - 1)) & 1)) {
            return false;
        }
    }
    return true;
}

} // namespace

static_assert(!std::is_convertible_v<phys_addr_t, virt_addr_t>); // A1, S42
static_assert(!std::is_convertible_v<phys_addr_t, void *>);
static_assert(!std::is_constructible_v<virt_addr_t, phys_addr_t>);
static_assert(sizeof(phys_addr_t) == 8 && sizeof(virt_addr_t) == 8);
static_assert(TABLE_ENTRIES == 512 && PAGE_SIZE == 4096); // S08

TEST(Addr, TheIndexesOfAKnownAddressAreThoseOfTheManualsSplit) { // S01
    virt_addr_t va = virt_addr(0x00007F1234567890);
    EXPECT_EQ(level_index(va, 3), 0xFEu);
    EXPECT_EQ(level_index(va, 2), 0x48u);
    EXPECT_EQ(level_index(va, 1), 0x1A2u);
    EXPECT_EQ(level_index(va, 0), 0x167u);
    EXPECT_EQ(va.value % PAGE_SIZE, 0x890u);
}

TEST(Addr, TheIndexesPutTogetherAreTheAddress) { // S01
    std::mt19937_64 random(1);
    for (int i = 0; i < 10000; i++) {
        virt_addr_t va = virt_addr(random());
        uint64_t rebuilt = va.value % PAGE_SIZE;
        for (unsigned level = 0; level < 5; level++) {
            ASSERT_LT(level_index(va, level), TABLE_ENTRIES);
            rebuilt |= level_index(va, level) * level_size(level);
        }
        ASSERT_EQ(rebuilt, va.value & ((1ull << 57) - 1));
    }
}

TEST(Addr, AnEntryCovers512TimesAsMuchAtEachLevel) { // S08
    EXPECT_EQ(level_size(0), 0x1000u);
    EXPECT_EQ(level_size(1), 0x200000u);
    EXPECT_EQ(level_size(2), 0x40000000u);
    EXPECT_EQ(level_size(3), 0x8000000000u);
    EXPECT_EQ(level_size(4), 0x1000000000000u);
}

TEST(Addr, CanonicalAddressesEndWhereTheHoleBegins) { // S01
    EXPECT_TRUE(virt_is_canonical(virt_addr(0), 4));
    EXPECT_TRUE(virt_is_canonical(virt_addr(LOWER_TOP), 4));
    EXPECT_FALSE(virt_is_canonical(virt_addr(LOWER_TOP + 1), 4));
    EXPECT_FALSE(virt_is_canonical(virt_addr(UPPER_BOTTOM - 1), 4));
    EXPECT_TRUE(virt_is_canonical(virt_addr(UPPER_BOTTOM), 4));
    EXPECT_TRUE(virt_is_canonical(virt_addr(UINT64_MAX), 4));
}

TEST(Addr, FiveLevelsMoveTheHole) {
    EXPECT_TRUE(virt_is_canonical(virt_addr(LOWER_TOP + 1), 5));
    EXPECT_TRUE(virt_is_canonical(virt_addr(LOWER_TOP_5), 5));
    EXPECT_FALSE(virt_is_canonical(virt_addr(LOWER_TOP_5 + 1), 5));
    EXPECT_FALSE(virt_is_canonical(virt_addr(UPPER_BOTTOM_5 - 1), 5));
    EXPECT_TRUE(virt_is_canonical(virt_addr(UPPER_BOTTOM_5), 5));
}

TEST(Addr, EveryUpperPatternOfBitsIsCanonicalAsTheManualSays) {
    for (uint64_t top = 0; top <= 0xffff; top++) {
        for (uint64_t rest :
             {0ull, 0x00007fffffffffffull, 0x0000800000000000ull, 0xffffffffffffull}) {
            uint64_t value = top << 48 | rest;
            ASSERT_EQ(virt_is_canonical(virt_addr(value), 4),
                      is_canonical_by_the_manual(value, 48));
            ASSERT_EQ(virt_is_canonical(virt_addr(value), 5),
                      is_canonical_by_the_manual(value, 57));
        }
    }
}

TEST(Addr, ZeroIsNoPowerOfTwo) {
    EXPECT_FALSE(call_is_power_of_two(0));
    EXPECT_TRUE(call_is_power_of_two(1));
    EXPECT_TRUE(call_is_power_of_two(1ull << 63));
    EXPECT_FALSE(call_is_power_of_two(UINT64_MAX));
}

TEST(Addr, RoundsAtTheEndsOfTheAddressSpace) {
    EXPECT_EQ(align_down(UINT64_MAX, PAGE_SIZE), 0xfffffffffffff000u);
    EXPECT_EQ(align_up(0xffffffffffffe001, PAGE_SIZE), 0xfffffffffffff000u);
    EXPECT_EQ(align_up(0xfffffffffffff000, PAGE_SIZE), 0xfffffffffffff000u);
    EXPECT_EQ(align_up(0, PAGE_SIZE), 0u);
    EXPECT_EQ(align_up(1, PAGE_SIZE), PAGE_SIZE);
    EXPECT_TRUE(is_aligned(0, PAGE_SIZE));
    EXPECT_FALSE(is_aligned(0x800, PAGE_SIZE));
    EXPECT_EQ(align_down(0x12345, 1), 0x12345u);
}

struct RangeCase {
    const char *what;
    uint64_t start;
    uint64_t page_count;
    bool is_valid_at_4_levels;
    bool is_valid_at_5_levels;
};

class VirtRangeTest : public testing::TestWithParam<RangeCase> {};

TEST_P(VirtRangeTest, IsValidOrNot) { // A2, S58
    const RangeCase &given = GetParam();
    EXPECT_EQ(is_valid(given.start, given.page_count, 4), given.is_valid_at_4_levels);
    EXPECT_EQ(is_valid(given.start, given.page_count, 5), given.is_valid_at_5_levels);
}

INSTANTIATE_TEST_SUITE_P(
    Table, VirtRangeTest,
    testing::Values(
        RangeCase{"OnePageAtZero", 0, 1, true, true}, RangeCase{"Empty", 0x1000, 0, false, false},
        RangeCase{"EmptyAtTheTop", 0xfffffffffffff000, 0, false, false},
        RangeCase{"Unaligned", 0x1001, 1, false, false},
        RangeCase{"WholeLowerHalf", 0, 1ull << 35, true, true},
        RangeCase{"OnePageIntoTheHole", 0, (1ull << 35) + 1, false, true},
        RangeCase{"LastPageBeforeTheHole", 0x00007ffffffff000, 1, true, true},
        RangeCase{"AcrossTheEdgeOfTheHole", 0x00007ffffffff000, 2, false, true},
        RangeCase{"InTheHole", 0x0000800000000000, 1, false, true},
        RangeCase{"LastPageOfTheHole", 0xffff7ffffffff000, 1, false, true},
        RangeCase{"FirstPageAfterTheHole", 0xffff800000000000, 1, true, true},
        RangeCase{"WholeUpperHalf", 0xffff800000000000, 1ull << 35, true, true},
        RangeCase{"TheTopmostPage", 0xfffffffffffff000, 1, true, true},
        RangeCase{"WrapsToZero", 0xfffffffffffff000, 2, false, false},
        RangeCase{"UpperHalfAndOneMore", 0xffff800000000000, (1ull << 35) + 1, false, false},
        RangeCase{"AcrossTheWholeHole", 0x00007ffffffff000, 0xffff800000002, false, false},
        RangeCase{"WholeLowerHalfOfFive", 0, 1ull << 44, false, true},
        RangeCase{"AcrossTheHoleOfFive", 0x00fffffffffff000, 2, false, false},
        RangeCase{"EverythingThereIs", 0, 1ull << 52, false, false},
        RangeCase{"AllButOnePage", 0, (1ull << 52) - 1, false, false},
        RangeCase{"PageCountThatOverflowsBytes", 0x1000, (1ull << 52) + 1, false, false},
        RangeCase{"LargestPageCount", 0x1000, UINT64_MAX, false, false},
        RangeCase{"CountThatWrapsBackToItself", 0x5000, 1ull << 52, false, false}),
    [](const testing::TestParamInfo<RangeCase> &info) { return std::string(info.param.what); });

TEST(VirtRange, OfTheTopmostPageHasALastByte) {
    struct virt_range range = virt_range(virt_addr(0xfffffffffffff000), 1);
    EXPECT_EQ(virt_range_last(range).value, UINT64_MAX);
    EXPECT_EQ(virt_range_size_bytes(range), PAGE_SIZE);
    EXPECT_TRUE(call_virt_range_contains(range, virt_addr(UINT64_MAX)));
    EXPECT_FALSE(call_virt_range_contains(range, virt_addr(0)));
    EXPECT_FALSE(call_virt_range_contains(range, virt_addr(0xffffffffffffefff)));
}

TEST(VirtRange, MadeFromTheProgrammersNumbersMustBeValid) { // A2
    EXPECT_CHECK_FAILS(virt_range(virt_addr(0x1000), 0), "virt_range_is_valid");
    EXPECT_CHECK_FAILS(virt_range(virt_addr(0x1800), 1), "virt_range_is_valid");
    EXPECT_CHECK_FAILS(virt_range(virt_addr(0xfffffffffffff000), 2), "virt_range_is_valid");
}

TEST(VirtRange, MadeFromTheWorldsNumbersIsRefusedWithoutAChange) { // A2, S58
    struct virt_range range = {virt_addr(0x7000), 7};
    EXPECT_FALSE(call_virt_range_checked(virt_addr(0x1001), 1, 4, &range));
    EXPECT_EQ(range.start.value, 0x7000u);
    EXPECT_EQ(range.page_count, 7u);
    EXPECT_TRUE(call_virt_range_checked(virt_addr(0x1000), 2, 4, &range));
    EXPECT_EQ(range.start.value, 0x1000u);
    EXPECT_EQ(virt_range_last(range).value, 0x2fffu);
}

TEST(VirtRange, CoversAndOverlapsAsSetsOfPagesDo) {
    for (uint64_t a = 0; a < 6; a++) {
        for (uint64_t a_count = 1; a_count < 6; a_count++) {
            for (uint64_t b = 0; b < 6; b++) {
                struct virt_range first = virt_range(virt_addr(a * PAGE_SIZE), a_count);
                struct virt_range second = virt_range(virt_addr(b * PAGE_SIZE), 3);
                bool covers = a <= b && b + 3 <= a + a_count;
                bool overlaps = a < b + 3 && b < a + a_count;
                ASSERT_EQ(call_virt_range_covers(first, second), covers);
                ASSERT_EQ(call_virt_range_overlaps(first, second), overlaps);
                ASSERT_EQ(call_virt_range_overlaps(second, first), overlaps);
            }
        }
    }
}

TEST(Layout, HalvesAreThoseOfTheCanonicalSplit) { // S05, S08
    EXPECT_EQ(USER_END + PAGE_SIZE, LOWER_TOP + 1);
    EXPECT_EQ(DIRECT_MAP_BASE, UPPER_BOTTOM);
    EXPECT_LT(NULL_GUARD_END, USER_END);
    EXPECT_TRUE(is_aligned(NULL_GUARD_END, PAGE_SIZE));
}

TEST(Layout, KernelRegionsAreDisjointAndInRootSlotsOfTheirOwn) { // S05, S32
    EXPECT_LE(DIRECT_MAP_END, KERNEL_RANGES_BASE);
    EXPECT_LE(KERNEL_RANGES_END, FRAME_ARRAY_BASE);
    EXPECT_LE(FRAME_ARRAY_END, KERNEL_IMAGE_BASE);
    for (uint64_t edge : {DIRECT_MAP_BASE, DIRECT_MAP_END, KERNEL_RANGES_BASE, KERNEL_RANGES_END,
                          FRAME_ARRAY_BASE, FRAME_ARRAY_END}) {
        EXPECT_TRUE(is_aligned(edge, level_size(3))) << std::hex << edge;
        EXPECT_TRUE(virt_is_canonical(virt_addr(edge), 4)) << std::hex << edge;
    }
    EXPECT_EQ(level_index(virt_addr(KERNEL_IMAGE_BASE), 3), 511u);
}
