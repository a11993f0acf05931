#include "host_tests/machine/sizes.h"
#include "host_tests/space/kernel_range_test.h"
#include "mm/frame/frame.h"

/* What somebody else has mapped becomes a range, if all of it is there (S73). */

namespace {

TEST_F(KernelRangeTest, S73AnEmptyReservationIsNotAdopted) {
    struct virt_range range = reserve(2);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ | RIGHT_WRITE), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_adopt(pages(7000, 2), RIGHT_READ), STATUS_NOT_FOUND);
    release(range);
}

TEST_F(KernelRangeTest, S73WhatSomebodyElseMappedIsAdoptedOnlyWithinTheRightsSaid) {
    struct virt_range range = reserve(2);
    /* Somebody else: code that has the kernel's table and maps by itself. */
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    page_attributes attributes = {RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, range, phys_addr(KERNEL_PA + 32 * PAGE_SIZE), attributes, 0),
              STATUS_OK);
    EXPECT_EQ(kernel_range_adopt(virt_range(range.start, 1), RIGHT_WRITE), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ | RIGHT_WRITE), STATUS_OK);
    EXPECT_EQ(area_at(range.start.value).kind, AREA_DEVICE) << "it does not own the frames";
    release(range);
    EXPECT_EQ(frame_of(phys_addr(KERNEL_PA + 32 * PAGE_SIZE))->state, FRAME_KERNEL);
}

class NoExecuteDisableRangeTest : public KernelRangeTest {
  protected:
    machine::Config config() const override {
        machine::Config config = KernelRangeTest::config();
        config.control.nxe = false;
        return config;
    }
};

TEST_F(NoExecuteDisableRangeTest, S73WhatACpuWithoutNxCannotDenyIsNoReasonToRefuse) {
    struct virt_range range = reserve(2);
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    page_attributes attributes = {RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, range, phys_addr(KERNEL_PA + 32 * PAGE_SIZE), attributes, 0),
              STATUS_OK);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ | RIGHT_WRITE), STATUS_OK);
    release(range);
}

TEST_F(KernelRangeTest, S73ParkedOrUncachedPagesAreNotAdopted) {
    struct virt_range range = reserve(2);
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    struct virt_range second = virt_range(virt_add(range.start, PAGE_SIZE), 1);
    for (page_attributes last : {page_attributes{RIGHT_NONE, CACHE_WRITE_BACK, 0},
                                 page_attributes{RIGHT_READ, CACHE_UNCACHED, 0}}) {
        page_attributes first = {RIGHT_READ, CACHE_WRITE_BACK, 0};
        ASSERT_EQ(page_table_map(table, virt_range(range.start, 1), phys_addr(KERNEL_PA), first, 0),
                  STATUS_OK);
        ASSERT_EQ(page_table_map(table, second, phys_addr(0xfed00000), last, 0), STATUS_OK);
        EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_NOT_FOUND);
        release(range);
        ASSERT_EQ(kernel_range_reserve_at(range, "again"), STATUS_OK);
    }
    release(range);
}

TEST_F(KernelRangeTest, S73ARangeOfWhichOnlyAPartIsOwnedIsNotAdopted) {
    struct virt_range range = reserve(2);
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    struct virt_range first = virt_range(range.start, 1);
    struct virt_range second = virt_range(virt_add(range.start, PAGE_SIZE), 1);
    page_attributes attributes = {RIGHT_READ, CACHE_WRITE_BACK, 0};
    phys_addr_t owned;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &owned), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(table, first, &owned, attributes), STATUS_OK);
    ASSERT_EQ(page_table_map(table, second, phys_addr(KERNEL_PA), attributes, 0), STATUS_OK);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_NOT_FOUND);
    release(range); /* which frees the frame that was owned, and only that one */
}

TEST_F(KernelRangeTest, S73ARangeThatIsOwnedAsAWholeIsAdoptedOnceAndFreedWithItsFrames) {
    struct virt_range range = reserve(2);
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    phys_addr_t frames[2];
    for (uint64_t i = 0; i < 2; i++) {
        ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &frames[i]), STATUS_OK);
        frame_of(frames[i])->owned.owner = kernel_space();
        frame_of(frames[i])->owned.index = (range.start.value >> PAGE_SHIFT) + i;
    }
    page_attributes attributes = {RIGHT_READ | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map_frames(table, range, frames, attributes), STATUS_OK);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(area_at(range.start.value).kind, AREA_ANON) << "it owns the frames";
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_NOT_FOUND) << "no reservation any more";
    expect_sound();
    release(range);
    EXPECT_EQ(frame_state_of(frames[1]), FRAME_FREE);
}

TEST_F(KernelRangeTest, S58ImpossibleRangesAndRightsAreNeitherFilledNorAdopted) {
    constexpr struct virt_range nowhere = {{0x0180000000000000}, 1};
    constexpr struct virt_range nothing = {{KERNEL_RANGES_BASE}, 0};
    for (struct virt_range range : {nowhere, nothing}) {
        EXPECT_EQ(kernel_range_fill(range, {RIGHT_READ, CACHE_WRITE_BACK, 0}), STATUS_INVALID);
        EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_INVALID);
    }
    EXPECT_EQ(kernel_range_adopt(pages(0, 1), RIGHT_WRITE | RIGHT_EXECUTE), STATUS_INVALID);
    EXPECT_EQ(kernel_range_adopt(pages(0, 1), RIGHT_USER), STATUS_INVALID);
}

TEST_F(KernelRangeTest, S73ALargeLeafThatSticksOutOfARangeDoesNotMakeUpForAGapInIt) {
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    page_attributes attributes = {RIGHT_READ, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, pages(512, 512), phys_addr(4 * MIB), attributes, 1), STATUS_OK);
    struct virt_range half_mapped = pages(512 + 256, 512);
    ASSERT_EQ(kernel_range_reserve_at(half_mapped, "half"), STATUS_OK);
    EXPECT_EQ(kernel_range_adopt(half_mapped, RIGHT_READ), STATUS_NOT_FOUND);
    EXPECT_EQ(area_at(half_mapped.start.value).kind, AREA_RESERVED);
    release(half_mapped);
    ASSERT_EQ(kernel_range_reserve_at(pages(512, 256), "rest"), STATUS_OK);
    release(pages(512, 256));
}

TEST_F(KernelRangeTest, S73NorDoesOneThatGoesOnBehindTheRange) {
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    page_attributes attributes = {RIGHT_READ, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, pages(512, 256), phys_addr(4 * MIB), attributes, 0), STATUS_OK);
    ASSERT_EQ(page_table_map(table, pages(1024, 512), phys_addr(4 * MIB), attributes, 1),
              STATUS_OK);
    struct virt_range range = pages(512, 512 + 256); /* as many pages as are mapped, but others */
    ASSERT_EQ(kernel_range_reserve_at(range, "gap"), STATUS_OK);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_NOT_FOUND);
    release(range);
    ASSERT_EQ(kernel_range_reserve_at(pages(1024 + 256, 256), "rest"), STATUS_OK);
    release(pages(1024 + 256, 256));
}

TEST_F(KernelRangeTest, S73WhatCanBeExecutedIsNotAdoptedWithoutThatRight) {
    struct virt_range range = reserve(1);
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    page_attributes attributes = {RIGHT_READ | RIGHT_EXECUTE, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, range, phys_addr(KERNEL_PA), attributes, 0), STATUS_OK);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_READ), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_adopt(range, RIGHT_EXECUTE), STATUS_OK) << "which brings RIGHT_READ";
    release(range);
}

} // namespace
