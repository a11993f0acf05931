#include "host_tests/paging/paging_test.h"

/* The debt and its payment: what a gather owes, whom it asks, and when frames are freed. */

namespace {

using FlushTest = PagingOnEveryMachineTest;

constexpr uint64_t VA = 11 * GIB;

TEST_P(FlushTest, AFewPagesAreFlushedOneByOne) { // law 5
    ASSERT_EQ(map_new(pages_at(VA, 32)), STATUS_OK);
    cpu(1).speculate(VA, 32 * PAGE_SIZE);
    ASSERT_EQ(unmap(pages_at(VA, 32)), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().pages, 32u);
    EXPECT_EQ(pc().flush_counts().contexts, 0u);
}

TEST_P(FlushTest, ManyPagesAreFlushedAsAContext) { // law 5
    ASSERT_EQ(map_new(pages_at(VA, 33)), STATUS_OK);
    cpu(1).speculate(VA, 33 * PAGE_SIZE);
    ASSERT_EQ(unmap(pages_at(VA, 33)), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().pages, 0u);
    EXPECT_EQ(pc().flush_counts().contexts, 1u);
}

TEST_P(FlushTest, ManyKernelPagesAreFlushedWithTheGlobalOnes) { // law 5
    struct virt_range range = pages_at(KERNEL_RANGES_BASE, 33);
    ASSERT_EQ(map_new(range, KERNEL_RW), STATUS_OK);
    cpu(0).speculate(KERNEL_RANGES_BASE, 33 * PAGE_SIZE);
    switch_to(1, other);
    cpu(1).speculate(KERNEL_RANGES_BASE, 33 * PAGE_SIZE);
    ASSERT_EQ(unmap(range), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().all, 1u);
}

TEST_P(FlushTest, AKernelPageIsForgottenByCpusInOtherProcesses) { // law 5
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    cpu(0).write(KERNEL_RANGES_BASE, 1);
    switch_to(1, other);
    cpu(1).write(KERNEL_RANGES_BASE, 1);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
    EXPECT_FALSE(cpu(1).read(KERNEL_RANGES_BASE).succeeded());
}

TEST_P(FlushTest, AKernelPageThatIsNotGlobalIsForgottenInEveryContext) { // law 5
    page_attributes local = {RIGHT_READ | RIGHT_WRITE, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), local), STATUS_OK);
    cpu(1).write(KERNEL_RANGES_BASE, 1);
    switch_to(1, other);
    cpu(1).write(KERNEL_RANGES_BASE, 1);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
}

TEST_P(FlushTest, AGlobalKernelPageCostsOnePage) { // law 5
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().pages, 1u);
    EXPECT_EQ(pc().flush_counts().all, 0u);
}

TEST_P(FlushTest, AKernelPageThatIsNotGlobalCostsOnePageWhereThereIsOneContext) { // law 5
    page_attributes local = {RIGHT_READ | RIGHT_WRITE, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), local), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().pages, setup().pcid ? 0u : 1u);
    EXPECT_EQ(pc().flush_counts().all, setup().pcid ? 1u : 0u);
}

TEST_P(FlushTest, AProcessThatNoCpuRunsOwesNobody) { // S44
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    tlb_gather gather;
    tlb_gather_begin(&gather, &other);
    EXPECT_EQ(page_table_unmap(&other, pages_at(VA, 1), &gather, nullptr), STATUS_OK);
    tlb_gather_finish(&gather);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
}

/* The page is never used, so only the way to it is owed; no page was owed before it. */
TEST_P(FlushTest, TheWayToAnUnusedPageOfTheFirstBlockIsFlushedWithItsTable) { // G3
    constexpr uint64_t FIRST_BLOCK = 16 * PAGE_SIZE;
    ASSERT_EQ(map_new(pages_at(FIRST_BLOCK, 1)), STATUS_OK);
    EXPECT_FALSE(cpu(1).read(FIRST_BLOCK + PAGE_SIZE, USER).succeeded());
    cpu(1).speculate(FIRST_BLOCK + PAGE_SIZE, PAGE_SIZE);
    tlb_gather gather = {}; /* a word in front of its pages would lie in the block too */
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap(&user, pages_at(FIRST_BLOCK, 1), &gather, nullptr), STATUS_OK);
    tlb_gather_finish(&gather);
    EXPECT_EQ(pc().flush_counts().requests, 1u);
}

TEST_P(FlushTest, ACpuThatLeftTheProcessIsAskedOnlyIfItMayStillKnow) { // S3, S55
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    switch_to(1, other);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
    switch_to(1, user);
    EXPECT_FALSE(cpu(1).write(VA, 2, USER).succeeded());
    EXPECT_EQ(user.caching_cpus.bits, 3u);
}

TEST_P(FlushTest, AFrameIsFreeOnlyAfterTheGatherIsFinished) { // G2
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap(&user, pages_at(VA, 1), &gather, nullptr), STATUS_OK);
    EXPECT_EQ(frame_state_of(frames[0]), FRAME_ANON);
    tlb_gather_finish(&gather);
    EXPECT_EQ(frame_state_of(frames[0]), FRAME_FREE);
}

TEST_P(FlushTest, ATableIsFreeOnlyAfterTheGatherIsFinished) { // G2, G3
    uint64_t tables = frame_count().by_state[FRAME_TABLE];
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, 1), 0), STATUS_OK);
    cpu(1).speculate(VA, PAGE_SIZE); /* finds nothing, but remembers the way */
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap(&user, pages_at(VA, 1), &gather, nullptr), STATUS_OK);
    EXPECT_EQ(frame_count().by_state[FRAME_TABLE], tables + user.levels - 1);
    tlb_gather_finish(&gather);
    EXPECT_EQ(frame_count().by_state[FRAME_TABLE], tables);
}

TEST_P(FlushTest, OneGatherPaysForSeveralOperations) {
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    cpu(1).speculate(VA, 3 * PAGE_SIZE);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    EXPECT_EQ(page_table_unmap(&user, pages_at(VA, 1), &gather, nullptr), STATUS_OK);
    EXPECT_EQ(page_table_protect(&user, pages_at(VA + PAGE_SIZE, 1), USER_RO, &gather), STATUS_OK);
    EXPECT_EQ(map(pages_at(VA, 1), DEVICE, USER_RW), STATUS_OK);
    tlb_gather_finish(&gather);
    EXPECT_EQ(pc().flush_counts().requests, 1u);
    EXPECT_EQ(cpu(1).read(VA, USER).pa, DEVICE);
}

TEST_P(FlushTest, TwoGathersOfTwoProcessesMayBeOpenAtOnce) {
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    switch_to(1, other);
    cpu(1).write(VA, 1, USER);
    unmap_in_both(pages_at(VA, 1), [&] { EXPECT_FALSE(cpu(1).read(VA, USER).succeeded()); });
    EXPECT_FALSE(cpu(0).read(VA, USER).succeeded());
}

TEST_P(FlushTest, ASharedFrameIsFreeOnlyWhenTheLastOfItsGathersIsFinished) { // F3, G2
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    unmap_in_both(pages_at(VA, 1), [&] {
        EXPECT_EQ(frame_state_of(frames[0]), FRAME_ANON) << "CPU 0 still reaches it";
    });
    EXPECT_EQ(frame_state_of(frames[0]), FRAME_FREE);
}

TEST_P(FlushTest, MoreSharedFramesThanAGatherHoldsAreAllFreed) { // G2
    std::vector<phys_addr_t> frames = new_frames(100);
    uint64_t before = frame_count().by_state[FRAME_ANON];
    for (uint64_t va : {VA, VA + MIB}) {
        ASSERT_EQ(page_table_map_frames(&user, pages_at(va, 100), frames.data(), USER_RW),
                  STATUS_OK);
    }
    cpu(1).speculate(VA, 2 * MIB);
    ASSERT_EQ(unmap(pages_at(VA, 512)), STATUS_OK);
    EXPECT_EQ(frame_count().by_state[FRAME_ANON], before - 100);
}

TEST_P(FlushTest, WhatAGatherPaidEarlyItDoesNotPayAgain) { // law 5
    std::vector<phys_addr_t> frames = new_frames(SHARED_FRAME_MAX + 1);
    struct virt_range range = pages_at(VA, SHARED_FRAME_MAX + 1);
    for (uint64_t offset : {uint64_t{0}, MIB}) {
        struct virt_range at = pages_at(VA + offset, SHARED_FRAME_MAX + 1);
        ASSERT_EQ(page_table_map_frames(&user, at, frames.data(), USER_RW), STATUS_OK);
    }
    cpu(1).speculate(VA, 2 * MIB);
    ASSERT_EQ(unmap(range), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().requests, 1u);
}

TEST_P(FlushTest, AnEmptyGatherCostsNothing) {
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    tlb_gather_finish(&gather);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
}

TEST_P(FlushTest, AGigabyteOfLargeLeavesIsUnmappedWithoutLookingAtEachPage) {
    ASSERT_EQ(map(pages_at(VA, GIB / PAGE_SIZE), DEVICE, USER_RW, 1), STATUS_OK);
    uint64_t chances = 0;
    pc().at_every_chance([&] { chances++; });
    ASSERT_EQ(unmap(pages_at(VA, GIB / PAGE_SIZE)), STATUS_OK);
    pc().at_every_chance(nullptr);
    EXPECT_LT(chances, 40u) << "each table is looked up once";
}

TEST_P(FlushTest, EveryOtherPageOfATableCostsOneLookUpEach) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    uint64_t chances = 0;
    pc().at_every_chance([&] { chances++; });
    ASSERT_EQ(protect(pages_at(VA, 512), USER_RO), STATUS_OK);
    pc().at_every_chance(nullptr);
    EXPECT_LE(chances, 3u * user.levels);
}

INSTANTIATE_TEST_SUITE_P(Machines, FlushTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

class ContextIdTest : public PagingTest {
  protected:
    PagingSetup setup() const override {
        return {"ContextIds", false, 4, true};
    }
};

TEST_F(ContextIdTest, ComingBackToAProcessFindsItsTranslationsStillThere) { // S55
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    size_t before = cpu(1).tlb().size();
    switch_to(1, other);
    switch_to(1, user);
    EXPECT_EQ(cpu(1).tlb().size(), before);
}

TEST_F(ContextIdTest, ACpuElsewhereForgetsTheTablesOfTheProcessToo) { // G3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    switch_to(1, other);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(cpu(1).tlb().size(), 0u);
}

TEST_F(ContextIdTest, ACpuElsewhereForgetsTheWayToEachTable) { // G3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA + GIB, 1), 0), STATUS_OK);
    cpu(1).speculate(VA, PAGE_SIZE);
    cpu(1).speculate(VA + GIB, PAGE_SIZE);
    switch_to(1, other);
    ASSERT_EQ(unmap(pages_at(VA, 2 * GIB / PAGE_SIZE)), STATUS_OK);
}

TEST_F(ContextIdTest, AContextIdThatIsHandedOnStartsClean) { // S55
    page_table heir;
    ASSERT_EQ(page_table_create_user(&heir, &kernel), STATUS_OK);
    heir.context_id = other.context_id;
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    switch_to(1, other);
    cpu(1).write(VA, 1, USER);
    switch_to(1, user);
    switch_to(1, heir);
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
    switch_to(1, user);
    EXPECT_EQ(page_table_destroy_user(&heir), STATUS_OK);
}

TEST_F(ContextIdTest, TheKernelsTableKeepsNothingOfAProcessWithoutAContextId) { // S55
    other.context_id = 0;
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    switch_to(1, other);
    cpu(1).write(VA, 1, USER);
    switch_to(1, kernel);
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
}

TEST_F(ContextIdTest, ADestroyedProcessLeavesNothingInAnyTlb) { // F3, S53
    page_table doomed;
    ASSERT_EQ(page_table_create_user(&doomed, &kernel), STATUS_OK);
    doomed.context_id = 9;
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&doomed, pages_at(VA, 1), frames.data(), USER_RW), STATUS_OK);
    switch_to(1, doomed);
    cpu(1).write(VA, 1, USER);
    switch_to(1, user);
    EXPECT_EQ(page_table_destroy_user(&doomed), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().requests, 1u);
}

} // namespace
