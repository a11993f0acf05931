#include "host_tests/paging/paging_test.h"

/* Leaves of 2 MiB and 1 GiB: when they are used, how they are cut and joined. */

namespace {

class LargeLeafTest : public PagingOnEveryMachineTest {
  protected:
    uint64_t pages_of_level(virt_addr_t start, uint64_t page_count, unsigned level) {
        struct Count {
            unsigned level;
            uint64_t found;
        } count = {level, 0};
        page_table_for_each(
            &table_of(start.value), virt_range(start, page_count),
            [](void *context, virt_addr_t, const page_query *entry) {
                Count *count = static_cast<Count *>(context);
                count->found += entry->level == count->level;
                return true;
            },
            &count);
        return count.found;
    }
};

constexpr uint64_t VA = 5 * GIB;

TEST_P(LargeLeafTest, TheLargestLeafThatFitsIsUsed) { // S28, S29
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, USER_RW), STATUS_OK);
    EXPECT_EQ(query(VA + 123456).level, 2u);
    EXPECT_EQ(cpu().read(VA + 0x12345678, USER).pa, DEVICE + 0x12345678);
}

TEST_P(LargeLeafTest, TheCallerLimitsTheLevel) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW, 0), STATUS_OK);
    ASSERT_EQ(map(pages_at(VA + GIB, PAGES_1G), DEVICE, USER_RW, 1), STATUS_OK);
    EXPECT_EQ(query(VA).level, 0u);
    EXPECT_EQ(query(VA + GIB).level, 1u);
}

TEST_P(LargeLeafTest, UnalignedEndsGetSmallerLeaves) { // S29
    virt_addr_t start = virt_addr(VA + GIB - 2 * MIB - PAGE_SIZE);
    uint64_t page_count = 1 + PAGES_2M + PAGES_1G + PAGES_2M + 1;
    ASSERT_EQ(map(virt_range(start, page_count), DEVICE - 2 * MIB - PAGE_SIZE, USER_RW), STATUS_OK);
    EXPECT_EQ(pages_of_level(start, page_count, 0), 2u);
    EXPECT_EQ(pages_of_level(start, page_count, 1), 2u);
    EXPECT_EQ(pages_of_level(start, page_count, 2), 1u);
}

TEST_P(LargeLeafTest, MemoryThatIsNotCongruentGetsSmallLeaves) { // S27
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE + PAGE_SIZE, USER_RW), STATUS_OK);
    EXPECT_EQ(query(VA).level, 0u);
    ASSERT_EQ(map(pages_at(VA + GIB, PAGES_1G), DEVICE + 2 * MIB, USER_RW), STATUS_OK);
    EXPECT_EQ(query(VA + GIB).level, 1u);
}

TEST_P(LargeLeafTest, UnmappingAPageCutsItOutOfItsLargeLeaf) { // S39
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, USER_RW), STATUS_OK);
    uint64_t page = VA + 300 * 2 * MIB + 77 * PAGE_SIZE;
    cpu(0).write(page, 1, USER);
    cpu(1).write(page + PAGE_SIZE, 1, USER);
    uint64_t unmapped = 0;
    ASSERT_EQ(unmap(pages_at(page, 1), &unmapped), STATUS_OK);
    EXPECT_EQ(unmapped, 1u);
    EXPECT_FALSE(cpu(0).read(page, USER).succeeded());
    EXPECT_EQ(query(page - PAGE_SIZE).level, 0u);
    EXPECT_EQ(query(page + PAGE_SIZE).pa.value, DEVICE + (page - VA) + PAGE_SIZE);
    EXPECT_EQ(query(VA).level, 1u);
    EXPECT_EQ(pages_of_level(virt_addr(VA), PAGES_1G, 0), 511u);
    EXPECT_EQ(pages_of_level(virt_addr(VA), PAGES_1G, 1), 511u);
}

TEST_P(LargeLeafTest, SplittingForgetsTheWholeBlock) { // law 7
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    cpu(1).write(VA + 17 * PAGE_SIZE, 1, USER);
    cpu(1).write(VA + 400 * PAGE_SIZE, 1, USER);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().contexts, 1u);
}

TEST_P(LargeLeafTest, SplittingALeafThatNoCpuHasUsedOwesNobody) { // law 6
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
}

TEST_P(LargeLeafTest, SplittingAKernelLeafForgetsItOnEveryCpuWhateverItsContext) {
    uint64_t va = KERNEL_BLOCKS + 10 * 2 * MIB;
    page_attributes global = {RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL, CACHE_UNCACHED, 0};
    ASSERT_EQ(map(pages_at(va, PAGES_2M), DEVICE, global), STATUS_OK);
    cpu(0).write(va + 100 * PAGE_SIZE, 1);
    switch_to(1, other);
    cpu(1).write(va + 200 * PAGE_SIZE, 1);
    ASSERT_EQ(protect(pages_at(va, 1), {RIGHT_READ | RIGHT_GLOBAL, CACHE_UNCACHED, 0}), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().all, 1u);
    merge(pages_at(va, PAGES_2M));
    ASSERT_EQ(protect(pages_at(va, 1), global), STATUS_OK);
    merge(pages_at(va, PAGES_2M));
    EXPECT_EQ(query(va).level, 1u);
    ASSERT_EQ(unmap(pages_at(va, PAGES_2M)), STATUS_OK);
}

TEST_P(LargeLeafTest, ProtectingTheMiddleLeavesTheRestAsItWas) {
    ASSERT_EQ(map(pages_at(VA, 3 * PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    struct virt_range middle = pages_at(VA + 511 * PAGE_SIZE, 514);
    ASSERT_EQ(protect(middle, USER_RO), STATUS_OK);
    EXPECT_TRUE(cpu(1).write(VA + 510 * PAGE_SIZE, 1, USER).succeeded());
    EXPECT_FALSE(cpu(1).write(VA + 511 * PAGE_SIZE, 1, USER).succeeded());
    EXPECT_FALSE(cpu(1).write(VA + 1024 * PAGE_SIZE, 1, USER).succeeded());
    EXPECT_TRUE(cpu(1).write(VA + 1025 * PAGE_SIZE, 1, USER).succeeded());
    EXPECT_EQ(query(VA + 2 * MIB).level, 1u) << "the covered leaf stays large";
}

TEST_P(LargeLeafTest, WhatWasDirtyBeforeTheSplitIsDirtyAfterIt) { // P3
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    cpu(1).write(VA + 9 * PAGE_SIZE, 1, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_TRUE(query(VA + 100 * PAGE_SIZE).is_dirty);
}

TEST_P(LargeLeafTest, SplittingKeepsTheCachePolicy) {
    page_attributes write_through = USER_RW;
    write_through.cache = CACHE_WRITE_THROUGH;
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, write_through), STATUS_OK);
    cpu(1).read(VA + PAGE_SIZE, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(query(VA + PAGE_SIZE).attributes.cache, CACHE_WRITE_THROUGH);
    EXPECT_EQ(query(VA + 2 * MIB).attributes.cache, CACHE_WRITE_THROUGH);
}

TEST_P(LargeLeafTest, ALargeLeafCanBeParkedAndCutWhileParked) { // law 4
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA, USER);
    ASSERT_EQ(protect(pages_at(VA, PAGES_2M), NO_RIGHTS), STATUS_OK);
    EXPECT_EQ(query(VA).kind, PAGE_PARKED);
    ASSERT_EQ(protect(pages_at(VA + 5 * PAGE_SIZE, 1), USER_RO), STATUS_OK);
    EXPECT_EQ(query(VA + 4 * PAGE_SIZE).kind, PAGE_PARKED);
    EXPECT_EQ(cpu(1).read(VA + 5 * PAGE_SIZE, USER).pa, DEVICE + 5 * PAGE_SIZE);
}

TEST_P(LargeLeafTest, PagesThatBelongTogetherAreJoined) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, USER_RW, 0), STATUS_OK);
    cpu(0).write(VA + 3 * PAGE_SIZE, 1, USER);
    cpu(1).read(VA + 700 * PAGE_SIZE, USER);
    merge(pages_at(VA, PAGES_1G));
    EXPECT_EQ(query(VA).level, 2u);
    EXPECT_EQ(cpu(1).read(VA + 0x3456780, USER).pa, DEVICE + 0x3456780);
    EXPECT_TRUE(query(VA).is_dirty);
}

TEST_P(LargeLeafTest, AWriteIsRememberedWhenReadOnlyPagesAreJoined) { // P3
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW, 0), STATUS_OK);
    cpu(1).write(VA + 3 * PAGE_SIZE, 1, USER);
    ASSERT_EQ(protect(pages_at(VA, PAGES_2M), USER_RO), STATUS_OK);
    merge(pages_at(VA, PAGES_2M));
    EXPECT_EQ(query(VA).level, 1u);
    EXPECT_TRUE(query(VA).is_dirty);
}

TEST_P(LargeLeafTest, PagesOfMemoryThatIsNotAlignedStayApart) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE + PAGE_SIZE, USER_RW), STATUS_OK);
    merge(pages_at(VA, PAGES_2M));
    EXPECT_EQ(query(VA).level, 0u);
    EXPECT_EQ(cpu().read(VA + 0x1234, USER).pa, DEVICE + PAGE_SIZE + 0x1234);
}

TEST_P(LargeLeafTest, WhatNobodyCouldWriteIsNotBornDirtyWhenItIsJoined) { // P3
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RO, 0), STATUS_OK);
    ASSERT_EQ(map(pages_at(VA + 2 * MIB, PAGES_2M), DEVICE + 2 * MIB, USER_RW, 0), STATUS_OK);
    merge(pages_at(VA, 2 * PAGES_2M));
    EXPECT_EQ(query(VA).level, 1u);
    EXPECT_FALSE(query(VA).is_dirty);
    EXPECT_TRUE(query(VA + 2 * MIB).is_dirty) << "a CPU may have been about to say so";
}

TEST_P(LargeLeafTest, OnlyBlocksInsideTheRangeAreJoined) {
    ASSERT_EQ(map(pages_at(VA, 3 * PAGES_2M), DEVICE, USER_RW, 0), STATUS_OK);
    merge(pages_at(VA + PAGE_SIZE, 3 * PAGES_2M - 2));
    EXPECT_EQ(query(VA).level, 0u);
    EXPECT_EQ(query(VA + 2 * MIB).level, 1u);
    EXPECT_EQ(query(VA + 4 * MIB).level, 0u);
}

TEST_P(LargeLeafTest, OnePageThatDiffersKeepsItsBlockApart) {
    ASSERT_EQ(map(pages_at(VA, 2 * PAGES_2M), DEVICE, USER_RW, 0), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA + 511 * PAGE_SIZE, 1), USER_RO), STATUS_OK);
    merge(pages_at(VA, 2 * PAGES_2M));
    EXPECT_EQ(query(VA).level, 0u);
    EXPECT_EQ(query(VA + 2 * MIB).level, 1u);
}

TEST_P(LargeLeafTest, FramesWithOwnersAreNotJoined) {
    phys_addr_t first;
    ASSERT_EQ(frame_alloc_contiguous(PAGES_2M, 2 * MIB, FRAME_ANON, ZONE_NORMAL, &first),
              STATUS_OK);
    std::vector<phys_addr_t> frames;
    for (uint64_t i = 0; i < PAGES_2M; i++) {
        frames.push_back(phys_add(first, i * PAGE_SIZE));
    }
    struct virt_range range = pages_at(VA, PAGES_2M);
    ASSERT_EQ(page_table_map_frames(&user, range, frames.data(), USER_RW), STATUS_OK);
    merge(range);
    EXPECT_EQ(query(VA).level, 0u);
}

TEST_P(LargeLeafTest, UnmappingLargeLeavesIsOneFlushPageEach) {
    ASSERT_EQ(map(pages_at(VA, 3 * PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    for (uint64_t i = 0; i < 3; i++) {
        cpu(1).read(VA + i * 2 * MIB + 0x5000, USER);
    }
    ASSERT_EQ(unmap(pages_at(VA, 3 * PAGES_2M)), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().pages, 3u);
}

INSTANTIATE_TEST_SUITE_P(Machines, LargeLeafTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

class WideAddressTest : public PagingTest {
  protected:
    machine::Config config() const override {
        machine::Config config = PagingTest::config();
        config.control.phys_addr_bits = 46;
        return config;
    }
};

TEST_F(WideAddressTest, NoLeafIsLargerThanAGigabyte) { // P1
    constexpr uint64_t HALF_A_TIB = 512 * GIB;
    ASSERT_EQ(map(pages_at(HALF_A_TIB, 512 * PAGES_1G), HALF_A_TIB, USER_RW), STATUS_OK);
    merge(pages_at(HALF_A_TIB, 512 * PAGES_1G));
    EXPECT_EQ(query(HALF_A_TIB).level, 2u);
    EXPECT_EQ(cpu().read(2 * HALF_A_TIB - 8, USER).pa, 2 * HALF_A_TIB - 8);
}

/* With so much RAM that 512 tables can lie as the pages of a 1 GiB leaf do. */
class FarTablesTest : public PagingTest {
  protected:
    machine::Config config() const override {
        machine::Config config = PagingTest::config();
        config.ram = {{0, 0x9f000}, {MIB, 3 * GIB - MIB}};
        return config;
    }
};

TEST_F(FarTablesTest, TablesThatLieAsTheirPiecesWouldAreNoLeaves) { // P1
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, PAGES_1G), 0), STATUS_OK);
    page_walk walk;
    page_table_walk(&user, virt_addr(VA), &walk);
    uint64_t slots = walk.steps[user.levels - 2].table.value;
    std::vector<uint64_t> entries;
    for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t far = GIB + i * 2 * MIB;
        ASSERT_EQ(frame_state_of(phys_addr(far)), FRAME_FREE);
        for (uint64_t word = 0; word < PAGE_SIZE; word += sizeof(uint64_t)) {
            pc().ram().store(far + word, 0);
        }
        entries.push_back(pc().ram().load(slots + 8 * i));
        pc().ram().store(slots + 8 * i, (entries[i] & (PAGE_SIZE - 1)) | far);
    }
    const page_walk_step above = walk.steps[user.levels - 3];
    merge(pages_at(VA, PAGES_1G));
    EXPECT_EQ(pc().ram().load(above.table.value + 8ull * above.index), above.raw);
    for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
        pc().ram().store(slots + 8 * i, entries[i]);
    }
    ASSERT_EQ(unmap(pages_at(VA, PAGES_1G)), STATUS_OK);
}

class WithoutGigabyteLeavesTest : public PagingTest {
  protected:
    machine::Config config() const override {
        machine::Config config = PagingTest::config();
        config.control.has_1g_leaves = false;
        return config;
    }
};

TEST_F(WithoutGigabyteLeavesTest, AGigabyteIsMappedWithTwoMegabyteLeaves) { // S29
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, USER_RW), STATUS_OK);
    EXPECT_EQ(query(VA).level, 1u);
    merge(pages_at(VA, PAGES_1G));
    EXPECT_EQ(query(VA).level, 1u);
    EXPECT_EQ(cpu().read(VA + 0x2345678, USER).pa, DEVICE + 0x2345678);
}

} // namespace
