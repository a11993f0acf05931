#include "host_tests/paging/paging_test.h"

/* What the four operations promise, on every machine. */

namespace {

using StoriesTest = PagingOnEveryMachineTest;

constexpr uint64_t VA = 0x400000000000 - 2 * MIB; /* the end of one root entry's block */

TEST_P(StoriesTest, AMappedPageCanBeWrittenAndReadByAProcess) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    EXPECT_TRUE(cpu().write(VA + 8, 42, USER).succeeded());
    EXPECT_EQ(cpu(1).read(VA + 8, USER).value, 42u);
}

TEST_P(StoriesTest, TheSameAddressIsAnotherPageInAnotherProcess) { // S22, S57
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    switch_to(1, other);
    cpu(1).write(VA, 2, USER);
    EXPECT_EQ(cpu(0).read(VA, USER).value, 1u);
    EXPECT_EQ(cpu(1).read(VA, USER).value, 2u);
}

TEST_P(StoriesTest, ARangeAcrossTablesIsMappedAndUnmappedAsOne) { // S26, S39
    struct virt_range range = pages_at(VA + MIB, 1024);
    ASSERT_EQ(map_new(range), STATUS_OK);
    for (uint64_t i = 0; i < 1024; i++) {
        ASSERT_TRUE(cpu().write(VA + MIB + i * PAGE_SIZE, i, USER).succeeded());
    }
    uint64_t unmapped = 0;
    ASSERT_EQ(unmap(range, &unmapped), STATUS_OK);
    EXPECT_EQ(unmapped, 1024u);
    EXPECT_FALSE(cpu().read(VA + MIB, USER).succeeded());
}

TEST_P(StoriesTest, AnUnmappedPageIsGoneForEveryCpuThatHadIt) { // S44
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    cpu(1).write(VA, 2, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_FALSE(cpu(0).read(VA, USER).succeeded());
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
    EXPECT_TRUE(cpu(1).read(VA + PAGE_SIZE, USER).succeeded());
}

TEST_P(StoriesTest, MakingAPageReadOnlyReachesACpuThatHasAlreadyWritten) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 7, USER);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
    EXPECT_FALSE(cpu(1).write(VA, 8, USER).succeeded());
    EXPECT_EQ(cpu(1).read(VA, USER).value, 7u);
}

TEST_P(StoriesTest, MakingAUserPageWritableCostsNoFlush) { // law 6
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RO), STATUS_OK);
    cpu(1).read(VA, USER);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RW), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
    cpu(1).write(VA, 1, USER);
    EXPECT_TRUE(cpu(1).write(VA, 1, USER).succeeded()) << "the second try looks again";
}

TEST_P(StoriesTest, MakingAKernelPageWritableReachesEveryCpu) { // law 6
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RO), STATUS_OK);
    cpu(1).read(KERNEL_RANGES_BASE);
    ASSERT_EQ(protect(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    EXPECT_TRUE(cpu(1).write(KERNEL_RANGES_BASE, 1).succeeded());
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
}

TEST_P(StoriesTest, NoExecuteIsKeptAndExecuteIsGiven) { // S33
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RW), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA + PAGE_SIZE, 1), USER_RX), STATUS_OK);
    EXPECT_FALSE(cpu().execute(VA, USER).succeeded());
    EXPECT_TRUE(cpu().execute(VA + PAGE_SIZE, USER).succeeded());
    EXPECT_FALSE(cpu().write(VA + PAGE_SIZE, 1, USER).succeeded());
}

TEST_P(StoriesTest, APageWithoutRightsKeepsItsContents) { // law 4
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 99, USER);
    ASSERT_EQ(protect(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    EXPECT_EQ(query(VA).kind, PAGE_PARKED);
    EXPECT_TRUE(query(VA).is_dirty);
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
    EXPECT_EQ(cpu(1).read(VA, USER).value, 99u);
}

TEST_P(StoriesTest, AParkedPageIsFreedByUnmapLikeAnyOther) {
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 3), NO_RIGHTS), STATUS_OK);
    uint64_t unmapped = 0;
    ASSERT_EQ(unmap(pages_at(VA, 3), &unmapped), STATUS_OK);
    EXPECT_EQ(unmapped, 3u);
}

TEST_P(StoriesTest, MappingOverSomethingIsRefusedAndChangesNothing) { // S23, S24, S27
    ASSERT_EQ(map_new(pages_at(VA + 3 * PAGE_SIZE, 1)), STATUS_OK);
    std::vector<uint64_t> before = snapshot(user);
    EXPECT_EQ(map_new(pages_at(VA - 5 * MIB, 2048)), STATUS_EXISTS);
    EXPECT_EQ(map(pages_at(VA, 512), DEVICE, USER_RW), STATUS_EXISTS);
    EXPECT_EQ(snapshot(user), before);
}

TEST_P(StoriesTest, MappingOverAParkedPageIsRefused) {
    ASSERT_EQ(map_new(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    EXPECT_EQ(map(pages_at(VA, 1), DEVICE, USER_RW), STATUS_EXISTS);
}

TEST_P(StoriesTest, RemappingAPageReachesEveryCpu) { // S23
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    ASSERT_EQ(remap(pages_at(VA, 1), DEVICE + 0x5000, USER_RO, 0), STATUS_OK);
    EXPECT_EQ(cpu(1).read(VA, USER).pa, DEVICE + 0x5000);
    EXPECT_EQ(query(VA).pa.value, DEVICE + 0x5000);
}

TEST_P(StoriesTest, APageThatIsRemappedToItselfStaysDirty) { // P3
    ASSERT_EQ(map(pages_at(VA, 1), DEVICE, USER_RW), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    ASSERT_EQ(remap(pages_at(VA, 1), DEVICE, USER_RO, 0), STATUS_OK);
    EXPECT_TRUE(query(VA).is_dirty);
    ASSERT_EQ(remap(pages_at(VA, 1), DEVICE + PAGE_SIZE, USER_RO, 0), STATUS_OK);
    EXPECT_FALSE(query(VA).is_dirty) << "nobody has written to the other page";
}

TEST_P(StoriesTest, RemappingFillsGapsAndCutsLargeLeaves) {
    ASSERT_EQ(map(pages_at(VA, 512), DEVICE, USER_RW), STATUS_OK);
    cpu(0).read(VA + 511 * PAGE_SIZE, USER);
    struct virt_range range = pages_at(VA + 500 * PAGE_SIZE, 600);
    ASSERT_EQ(remap(range, DEVICE + 0x7000, USER_RO, 2), STATUS_OK);
    EXPECT_EQ(query(VA + 499 * PAGE_SIZE).pa.value, DEVICE + 499 * PAGE_SIZE);
    EXPECT_EQ(query(VA + 500 * PAGE_SIZE).pa.value, DEVICE + 0x7000);
    EXPECT_EQ(query(VA + 1099 * PAGE_SIZE).pa.value, DEVICE + 0x7000 + 599 * PAGE_SIZE);
    EXPECT_FALSE(is_mapped(VA + 1100 * PAGE_SIZE));
}

TEST_P(StoriesTest, AFrameMappedTwiceLivesUntilItsLastEntryGoes) { // F2
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    EXPECT_EQ(frame_of(frames[0])->map_count, 2u);
    cpu(0).write(VA, 5, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(frame_state_of(frames[0]), FRAME_ANON);
    switch_to(1, other);
    EXPECT_EQ(cpu(1).read(VA, USER).value, 5u);
}

TEST_P(StoriesTest, UnmappingCanKeepTheFrames) { // S36
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    cpu(1).write(VA, 5, USER);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap_keeping_frames(&user, pages_at(VA, 1), &gather, nullptr), STATUS_OK);
    tlb_gather_finish(&gather);
    EXPECT_EQ(frame_state_of(frames[0]), FRAME_ANON);
    EXPECT_EQ(frame_of(frames[0])->map_count, 0u);
    frame_free(frames[0]);
}

TEST_P(StoriesTest, UnmappingNothingDoesNothingAndSaysSo) { // S37
    uint64_t unmapped = 77;
    ASSERT_EQ(unmap(pages_at(VA, 1000), &unmapped), STATUS_OK);
    EXPECT_EQ(unmapped, 0u);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
}

TEST_P(StoriesTest, StrictUnmappingRefusesAGapAndChangesNothing) { // S37
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), NO_RIGHTS), STATUS_OK); /* parked is no gap */
    std::vector<uint64_t> before = snapshot(user);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap_strict(&user, pages_at(VA, 3), &gather), STATUS_NOT_FOUND);
    EXPECT_EQ(snapshot(user), before);
    EXPECT_EQ(page_table_unmap_strict(&user, pages_at(VA, 2), &gather), STATUS_OK);
    tlb_gather_finish(&gather);
}

TEST_P(StoriesTest, WhatNoCpuEverUsedOwesNoFlush) {
    ASSERT_EQ(map_new(pages_at(VA, 8)), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(VA, 8)), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
}

TEST_P(StoriesTest, TheLastPageBelowMaxPhyAddrIsMapped) { // S02
    uint64_t last = (1ull << platform_features()->phys_addr_bits) - PAGE_SIZE;
    ASSERT_EQ(map(pages_at(VA, 1), last, USER_RW), STATUS_OK);
    EXPECT_EQ(cpu().read(VA + 8, USER).pa, last + 8);
}

TEST_P(StoriesTest, PhysicalAddressZeroIsMemoryLikeAnyOther) { // S40
    ASSERT_EQ(map(pages_at(VA, 1), 0, USER_RO), STATUS_OK);
    EXPECT_EQ(query(VA).kind, PAGE_MAPPED);
    EXPECT_EQ(query(VA).pa.value, 0u);
}

INSTANTIATE_TEST_SUITE_P(Machines, StoriesTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
