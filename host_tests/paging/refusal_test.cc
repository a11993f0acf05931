#include "host_tests/paging/paging_test.h"

/* What is refused, and that a refusal changes nothing. */

namespace {

constexpr uint64_t VA = 13 * GIB;
constexpr page_attributes DEVICE_RW = {RIGHT_READ | RIGHT_WRITE | RIGHT_USER, CACHE_UNCACHED, 0};

class RefusalTest : public PagingTest {
  protected:
    void SetUp() override {
        PagingTest::SetUp();
        user_before_ = snapshot(user);
        kernel_before_ = snapshot(kernel);
    }

    void TearDown() override {
        EXPECT_EQ(snapshot(user), user_before_);
        EXPECT_EQ(snapshot(kernel), kernel_before_);
        EXPECT_EQ(pc().flush_counts().requests, 0u);
        PagingTest::TearDown();
    }

    status map_in(page_table &table, struct virt_range range, page_attributes attributes) {
        return page_table_map(&table, range, phys_addr(DEVICE), attributes, 2);
    }

  private:
    std::vector<uint64_t> user_before_;
    std::vector<uint64_t> kernel_before_;
};

TEST_F(RefusalTest, AUserTableTakesNoAddressOfTheUpperHalf) { // S05
    EXPECT_EQ(map_in(user, pages_at(KERNEL_RANGES_BASE, 1), USER_RW), STATUS_INVALID);
    EXPECT_EQ(map_in(user, pages_at(DIRECT_MAP_BASE, 1), KERNEL_RW), STATUS_INVALID);
}

TEST_F(RefusalTest, AKernelTableTakesNoAddressOfTheLowerHalf) { // S05
    EXPECT_EQ(map_in(kernel, pages_at(VA, 1), KERNEL_RW), STATUS_INVALID);
    EXPECT_EQ(map_in(kernel, pages_at(VA, 1), USER_RW), STATUS_INVALID);
}

TEST_F(RefusalTest, ARangeThatOnlyEndsOutsideIsRefusedAsAWhole) { // S58
    EXPECT_EQ(map_in(user, pages_at(USER_END - PAGE_SIZE, 2), USER_RW), STATUS_INVALID);
    EXPECT_EQ(map_in(user, pages_at(0, USER_END / PAGE_SIZE + 1), USER_RW), STATUS_INVALID);
    EXPECT_EQ(unmap(pages_at(USER_END - PAGE_SIZE, 2)), STATUS_INVALID);
    EXPECT_EQ(protect(pages_at(USER_END - PAGE_SIZE, 2), USER_RO), STATUS_INVALID);
    EXPECT_EQ(page_table_reserve(&user, pages_at(USER_END, 1), 0), STATUS_INVALID);
}

TEST_F(RefusalTest, TheLastUserPageIsTheOneBelowTheEnd) { // S05
    EXPECT_EQ(map_in(user, pages_at(USER_END - PAGE_SIZE, 1), USER_RW), STATUS_OK);
    EXPECT_EQ(unmap(pages_at(USER_END - PAGE_SIZE, 1)), STATUS_OK);
}

TEST_F(RefusalTest, AnAddressOfFiveLevelsIsNoneOfFour) { // S01
    EXPECT_EQ(map_in(kernel, pages_at(0xff00000000000000, 1), KERNEL_RW), STATUS_INVALID);
}

TEST_F(RefusalTest, UserPagesAreNeverGlobalAndKernelPagesNeverForUsers) {
    page_attributes global_user = {RIGHT_READ | RIGHT_USER | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0};
    EXPECT_EQ(map_in(user, pages_at(VA, 1), global_user), STATUS_INVALID);
    EXPECT_EQ(map_in(user, pages_at(VA, 1), KERNEL_RO), STATUS_INVALID);
    EXPECT_EQ(map_in(kernel, pages_at(KERNEL_RANGES_BASE, 1), USER_RO), STATUS_INVALID);
}

TEST_F(RefusalTest, FramesAreMappedWhereAndAsTheTableAllows) {
    std::vector<phys_addr_t> frames = new_frames(1);
    EXPECT_EQ(page_table_map_frames(&user, pages_at(KERNEL_RANGES_BASE, 1), frames.data(), USER_RW),
              STATUS_INVALID);
    EXPECT_EQ(page_table_map_frames(&user, pages_at(VA, 1), frames.data(), KERNEL_RW),
              STATUS_INVALID);
    EXPECT_EQ(frame_of(frames[0])->map_count, 0u);
    frame_free(frames[0]);
}

TEST_F(RefusalTest, StrictUnmappingRefusesTheOtherHalf) {
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap_strict(&user, pages_at(KERNEL_RANGES_BASE, 1), &gather),
              STATUS_INVALID);
    tlb_gather_finish(&gather);
}

TEST_F(RefusalTest, WhatCanBeWrittenCanBeRead) { // S33
    page_attributes write_only = {RIGHT_WRITE | RIGHT_USER, CACHE_WRITE_BACK, 0};
    EXPECT_EQ(map_in(user, pages_at(VA, 1), write_only), STATUS_INVALID);
    EXPECT_EQ(protect(pages_at(VA, 1), write_only), STATUS_INVALID);
}

TEST_F(RefusalTest, ProtectionKeysAreOfUserPagesAndUpTo15) {
    page_attributes keyed = USER_RW;
    keyed.protection_key = 16;
    EXPECT_EQ(map_in(user, pages_at(VA, 1), keyed), STATUS_INVALID);
    page_attributes keyed_kernel = KERNEL_RW;
    keyed_kernel.protection_key = 1;
    EXPECT_EQ(map_in(kernel, pages_at(KERNEL_RANGES_BASE, 1), keyed_kernel), STATUS_INVALID);
}

TEST_F(RefusalTest, MemoryBeyondMaxPhyAddrIsRefused) { // S02
    uint64_t limit = 1ull << platform_features()->phys_addr_bits;
    EXPECT_EQ(map(pages_at(VA, 1), limit, DEVICE_RW), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(map(pages_at(VA, 1), 2 * limit, DEVICE_RW), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(map(pages_at(VA, 2), limit - PAGE_SIZE, DEVICE_RW), STATUS_OUT_OF_RANGE);
    EXPECT_EQ(remap(pages_at(VA, 2), limit - PAGE_SIZE, DEVICE_RW, 0), STATUS_OUT_OF_RANGE);
}

TEST_F(RefusalTest, MemoryThatIsNotPageAlignedIsRefused) {
    EXPECT_EQ(map(pages_at(VA, 1), DEVICE + 8, DEVICE_RW), STATUS_INVALID);
}

TEST_F(RefusalTest, AGatherOfAnotherTableIsAProgrammersError) {
    tlb_gather gather;
    tlb_gather_begin(&gather, &other);
    EXPECT_CHECK_FAILS((void)!page_table_unmap(&user, pages_at(VA, 1), &gather, nullptr),
                       "gather->table == table");
    tlb_gather_finish(&gather);
}

TEST_F(RefusalTest, AnEmptyOrWrappingRangeIsAProgrammersError) { // S26, A2
    EXPECT_CHECK_FAILS(pages_at(VA, 0), "virt_range_is_valid");
    EXPECT_CHECK_FAILS(pages_at(-PAGE_SIZE, 2), "virt_range_is_valid");
}

} // namespace
