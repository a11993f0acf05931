#include "host_tests/paging/paging_test.h"

#include "mm/frame/frame.h"
#include "mm/paging/table_event.h"

/* Last-level tables that fork shares (law 12). CPU 0 runs the parent, CPU 1 the child. */

namespace {

constexpr uint64_t VA = 7 * GIB + 6 * MIB;
constexpr uint64_t BLOCK = 2 * MIB;

class ShareTest : public PagingOnEveryMachineTest {
  protected:
    /* `other` becomes the child of `user`, and CPU 1 runs it. */
    status fork(struct virt_range range = pages_at(VA, 512)) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &user);
        status status = page_table_share(&user, &other, range, &gather);
        tlb_gather_finish(&gather);
        switch_to(1, other);
        pc().run_on(0);
        return status;
    }

    status unshare(page_table &table, struct virt_range range) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &table);
        status status = page_table_unshare(&table, range, &gather);
        tlb_gather_finish(&gather);
        return status;
    }

    status unmap_from(page_table &table, struct virt_range range) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &table);
        status status = page_table_unmap(&table, range, &gather, nullptr);
        tlb_gather_finish(&gather);
        return status;
    }

    status protect_in(page_table &table, struct virt_range range, page_attributes attributes) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &table);
        status status = page_table_protect(&table, range, attributes, &gather);
        tlb_gather_finish(&gather);
        return status;
    }

    /* One operation of `user` on a page of a table that it shares. */
    status change(table_operation operation) {
        switch (operation) {
        case TABLE_UNSHARE:
            return unshare(user, pages_at(VA, 1));
        case TABLE_PROTECT:
            return protect(pages_at(VA, 1), USER_RO);
        case TABLE_UNMAP:
            return unmap(pages_at(VA + PAGE_SIZE, 1));
        default:
            return move(pages_at(VA, 1), VA + PAGE_SIZE);
        }
    }

    status move(struct virt_range range, uint64_t to) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &user);
        status status = page_table_move(&user, range, virt_addr(to), &gather);
        tlb_gather_finish(&gather);
        return status;
    }

    static uint64_t tables() {
        return frame_count().by_state[FRAME_TABLE];
    }
    static page_query query_in(const page_table &table, uint64_t va) {
        return page_table_query(&table, virt_addr(va));
    }
    static uint32_t map_count(const page_table &table, uint64_t va) {
        return frame_of(query_in(table, va).pa)->map_count;
    }
};

TEST_P(ShareTest, AChildReadsWhatItsParentWrote) {
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    cpu(0).write(VA + 8, 42, USER);
    ASSERT_EQ(fork(), STATUS_OK);
    EXPECT_EQ(cpu(1).read(VA + 8, USER).value, 42u);
    EXPECT_EQ(cpu(0).read(VA + 8, USER).value, 42u);
}

TEST_P(ShareTest, AParentThatHasWrittenCanNotWriteOn) { // S2
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    ASSERT_EQ(fork(), STATUS_OK);
    EXPECT_FALSE(cpu(0).write(VA, 2, USER).succeeded());
    EXPECT_FALSE(cpu(1).write(VA, 2, USER).succeeded());
    EXPECT_EQ(query_in(user, VA).effective_rights & RIGHT_WRITE, 0);
}

TEST_P(ShareTest, ItCostsTablesAboveTheLastLevelAndNoPage) {
    ASSERT_EQ(map_new(pages_at(VA, 1024)), STATUS_OK);
    uint64_t before = tables();
    ASSERT_EQ(fork(pages_at(VA, 1024)), STATUS_OK);
    EXPECT_EQ(tables() - before, user.levels - 2u);
    EXPECT_EQ(map_count(user, VA), 1u) << "of tables, not of processes";
}

TEST_P(ShareTest, ItTakesJustTheTablesThatTheChildNeeds) { // law 2
    ASSERT_EQ(map_new(pages_at(VA, 1024)), STATUS_OK);
    FrameDrought drought(user.levels - 2u);
    EXPECT_EQ(fork(pages_at(VA, 1024)), STATUS_OK);
}

TEST_P(ShareTest, ATableThatTheChildHasAlreadyIsTakenInVainAndGivenBack) {
    ASSERT_EQ(map_new(pages_at(VA, 1024)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    uint64_t before = tables();
    ASSERT_EQ(fork(pages_at(VA + BLOCK, 512)), STATUS_OK);
    EXPECT_EQ(tables(), before);
}

TEST_P(ShareTest, TheKernelsHalfIsNeitherSharedNorUnshared) {
    struct virt_range kernels = pages_at(KERNEL_RANGES_BASE, 512);
    EXPECT_EQ(fork(kernels), STATUS_INVALID);
    EXPECT_EQ(unshare(user, kernels), STATUS_INVALID);
}

TEST_P(ShareTest, WhereNothingIsMappedThereIsNothingToUnshare) {
    ASSERT_EQ(map_new(pages_at(VA + BLOCK, 1)), STATUS_OK);
    ASSERT_EQ(fork(pages_at(VA, 1024)), STATUS_OK);
    FrameDrought drought(1);
    EXPECT_EQ(unshare(other, pages_at(VA, 1024)), STATUS_OK) << "an absent entry, and a table";
    EXPECT_EQ(unshare(other, pages_at(512 * GIB - 2 * PAGE_SIZE, 4)), STATUS_OK);
    EXPECT_TRUE(cpu(1).read(VA + BLOCK, USER).succeeded());
}

TEST_P(ShareTest, WhatACpuHasNeverUsedOwesNoFlushWhenItIsUnshared) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    unsigned before = pc().flush_counts().requests;
    ASSERT_EQ(unshare(other, pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().requests, before);
}

/* The other one goes between the look at the count and the change, which no lock of ours keeps out:
 * what was taken for a copy is given back. */
TEST_P(ShareTest, WhoIsLeftAloneJustThenGivesBackWhatACopyWouldHaveTaken) { // law 12
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    uint64_t alone = tables();
    for (table_operation operation : {TABLE_UNSHARE, TABLE_PROTECT, TABLE_UNMAP, TABLE_MOVE}) {
        SCOPED_TRACE(operation);
        page_table child = {};
        ASSERT_EQ(page_table_create_user(&child, &kernel), STATUS_OK);
        tlb_gather gather;
        tlb_gather_begin(&gather, &user);
        EXPECT_EQ(page_table_share(&user, &child, pages_at(VA, 512), &gather), STATUS_OK);
        tlb_gather_finish(&gather);
        pc().trace([&](const table_event &event) {
            if (event.operation == operation && event.table == &user) {
                EXPECT_EQ(unmap_from(child, pages_at(VA, 512)), STATUS_OK);
            }
        });
        EXPECT_EQ(change(operation), STATUS_OK);
        pc().trace(nullptr);
        EXPECT_EQ(page_table_destroy_user(&child), STATUS_OK);
        EXPECT_EQ(tables(), alone);
    }
}

TEST_P(ShareTest, APageOfAnObjectStaysWritableInACopyOfItsTable) { // MAP_SHARED
    phys_addr_t page;
    ASSERT_EQ(frame_alloc_zeroed(FRAME_FILE, ZONE_NORMAL, &page), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), &page, USER_RW), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(unshare(other, pages_at(VA, 1)), STATUS_OK);
    EXPECT_TRUE(cpu(1).write(VA, 5, USER).succeeded());
    EXPECT_EQ(cpu(0).read(VA, USER).value, 5u);
    ASSERT_EQ(unmap_from(other, pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    frame_free(page);
}

/* The tables lie one behind the other, so that what follows the last entry is the next one's first.
 */
TEST_P(ShareTest, TheLastOfASharedTableLetsGoOfItsOwnPagesOnly) { // F2
    constexpr uint64_t COUNT = 8;
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, COUNT * 512), 0), STATUS_OK);
    for (uint64_t i = 0; i < COUNT; i++) {
        ASSERT_EQ(map_new(pages_at(VA + i * BLOCK, 1)), STATUS_OK);
    }
    ASSERT_EQ(fork(pages_at(VA, COUNT * 512)), STATUS_OK);
    for (uint64_t i = 0; i < COUNT; i += 2) {
        ASSERT_EQ(unmap_from(other, pages_at(VA + i * BLOCK, 512)), STATUS_OK);
        ASSERT_EQ(unmap(pages_at(VA + i * BLOCK, 512)), STATUS_OK);
    }
    for (uint64_t i = 1; i < COUNT; i += 2) {
        EXPECT_EQ(map_count(user, VA + i * BLOCK), 1u);
    }
}

TEST_P(ShareTest, AnEmptyProcessHasNothingToShare) {
    uint64_t before = tables();
    ASSERT_EQ(fork(), STATUS_OK);
    EXPECT_EQ(tables(), before);
}

TEST_P(ShareTest, WhoUnsharesHasTheSamePagesInATableOfItsOwn) {
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    cpu(0).write(VA, 5, USER);
    ASSERT_EQ(fork(), STATUS_OK);
    uint64_t before = tables();
    ASSERT_EQ(unshare(other, pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(tables(), before + 1);
    EXPECT_EQ(map_count(other, VA), 2u);
    EXPECT_EQ(cpu(1).read(VA, USER).value, 5u);
    EXPECT_FALSE(cpu(1).write(VA, 6, USER).succeeded()) << "the page is not its own yet";
}

TEST_P(ShareTest, TheOtherSharerFindsItsPagesReadOnlyToo) { // law 12
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(unshare(other, pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(unshare(user, pages_at(VA, 1)), STATUS_OK);
    EXPECT_FALSE(cpu(0).write(VA, 6, USER).succeeded()) << "two tables have the page";
}

TEST_P(ShareTest, TheLastSharerTakesTheTableAsItIs) { // law 12
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(unmap_from(other, pages_at(VA, 512)), STATUS_OK);
    uint64_t before = tables();
    ASSERT_EQ(unshare(user, pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(tables(), before);
    cpu(0).write(VA, 6, USER); /* may be refused once: nothing was flushed */
    EXPECT_TRUE(cpu(0).write(VA, 6, USER).succeeded());
}

TEST_P(ShareTest, AGrandchildSharesTheSameTable) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    page_table grandchild;
    ASSERT_EQ(page_table_create_user(&grandchild, &kernel), STATUS_OK);
    tlb_gather gather;
    tlb_gather_begin(&gather, &other);
    EXPECT_EQ(page_table_share(&other, &grandchild, pages_at(VA, 512), &gather), STATUS_OK);
    tlb_gather_finish(&gather);
    ASSERT_EQ(unmap_from(user, pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(unmap_from(other, pages_at(VA, 512)), STATUS_OK);
    EXPECT_EQ(map_count(grandchild, VA), 1u);
    EXPECT_EQ(page_table_destroy_user(&grandchild), STATUS_OK);
}

TEST_P(ShareTest, AFrameLivesUntilTheLastSharerHasGone) { // F2, F3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).write(VA, 3, USER);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(VA, 512)), STATUS_OK);
    EXPECT_FALSE(cpu(0).read(VA, USER).succeeded());
    EXPECT_EQ(cpu(1).read(VA, USER).value, 3u);
    phys_addr_t frame = query_in(other, VA).pa;
    ASSERT_EQ(unmap_from(other, pages_at(VA, 512)), STATUS_OK);
    EXPECT_EQ(frame_state_of(frame), FRAME_FREE);
}

TEST_P(ShareTest, UnmappingAPartLeavesTheOtherProcessWhole) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    cpu(0).speculate(VA, BLOCK);
    cpu(1).speculate(VA, BLOCK);
    ASSERT_EQ(unmap(pages_at(VA + 5 * PAGE_SIZE, 3)), STATUS_OK);
    EXPECT_FALSE(cpu(0).read(VA + 5 * PAGE_SIZE, USER).succeeded());
    EXPECT_TRUE(cpu(1).read(VA + 5 * PAGE_SIZE, USER).succeeded());
}

TEST_P(ShareTest, ProtectingAPartLeavesTheOtherProcessAsItWas) {
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(protect_in(other, pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
    EXPECT_TRUE(cpu(0).read(VA, USER).succeeded());
}

TEST_P(ShareTest, ParkedPagesAreSharedToo) { // law 4
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).write(VA, 9, USER);
    ASSERT_EQ(protect(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(protect_in(other, pages_at(VA, 1), USER_RW), STATUS_OK);
    EXPECT_EQ(cpu(1).read(VA, USER).value, 9u);
    EXPECT_FALSE(cpu(1).write(VA, 1, USER).succeeded()) << "its parent keeps the page, parked";
}

TEST_P(ShareTest, APageOfSeveralOwnersIsNotMadeWritable) { // S2
    std::vector<phys_addr_t> frames = new_frames(1);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), frames.data(), USER_RO), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), frames.data(), USER_RO), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RW), STATUS_OK);
    EXPECT_FALSE(cpu(0).write(VA, 1, USER).succeeded());
    ASSERT_EQ(unmap_from(other, pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RW), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    EXPECT_TRUE(cpu(0).write(VA, 1, USER).succeeded()) << "now it is the only owner";
}

TEST_P(ShareTest, TheKernelsViewOfAPageIsNoOwner) {
    phys_addr_t page = new_frames(1)[0];
    struct virt_range view = pages_at(KERNEL_RANGES_BASE, 1);
    ASSERT_EQ(map(view, page.value, KERNEL_RO, 0), STATUS_OK);
    ASSERT_EQ(protect(view, KERNEL_RW), STATUS_OK);
    EXPECT_TRUE(cpu(0).write(KERNEL_RANGES_BASE, 1).succeeded());
    ASSERT_EQ(unmap(view), STATUS_OK);
    frame_free(page);
}

TEST_P(ShareTest, NewPagesGoIntoAnUnsharedTableOnly) { // law 12
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    std::vector<phys_addr_t> frames = new_frames(1);
    struct virt_range next = pages_at(VA + PAGE_SIZE, 1);
    EXPECT_CHECK_FAILS((void)!page_table_map_frames(&other, next, frames.data(), USER_RW),
                       "pte_is_shared_table");
    ASSERT_EQ(unshare(other, next), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&other, next, frames.data(), USER_RW), STATUS_OK);
    EXPECT_TRUE(cpu(1).write(VA + PAGE_SIZE, 1, USER).succeeded());
    EXPECT_FALSE(cpu(0).read(VA + PAGE_SIZE, USER).succeeded());
}

TEST_P(ShareTest, WhoWritesGetsACopyAndTheOtherKeepsThePage) { // F2, S2
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    ASSERT_EQ(fork(), STATUS_OK);
    EXPECT_EQ(cpu(1).read(VA, USER).value, 1u);
    phys_addr_t old = query_in(user, VA).pa;
    std::vector<phys_addr_t> copy = new_frames(1);
    tlb_gather gather;
    tlb_gather_begin(&gather, &other);
    EXPECT_EQ(page_table_unshare(&other, pages_at(VA, 1), &gather), STATUS_OK);
    EXPECT_EQ(page_table_remap_frames(&other, pages_at(VA, 1), copy.data(), USER_RW, &gather),
              STATUS_OK);
    tlb_gather_finish(&gather);
    EXPECT_TRUE(cpu(1).write(VA, 2, USER).succeeded());
    EXPECT_EQ(cpu(0).read(VA, USER).value, 1u);
    EXPECT_EQ(frame_of(old)->map_count, 1u);
    EXPECT_EQ(frame_of(copy[0])->map_count, 1u);
}

TEST_P(ShareTest, ACopyThatNoTableCouldBeHadForIsNobodysYet) { // F2, law 2
    std::vector<phys_addr_t> copy = new_frames(1);
    {
        FrameDrought drought(0);
        tlb_gather gather;
        tlb_gather_begin(&gather, &other);
        EXPECT_EQ(page_table_remap_frames(&other, pages_at(VA, 1), copy.data(), USER_RW, &gather),
                  STATUS_NO_MEMORY);
        tlb_gather_finish(&gather);
    }
    EXPECT_EQ(frame_of(copy[0])->map_count, 0u);
    frame_free(copy[0]);
}

TEST_P(ShareTest, ALeafOfDeviceMemoryStaysWritable) {
    ASSERT_EQ(map(pages_at(VA, 1), DEVICE, USER_RW, 0), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(unshare(other, pages_at(VA, 1)), STATUS_OK);
    EXPECT_TRUE(cpu(1).write(VA, 1, USER).succeeded());
}

TEST_P(ShareTest, TheTopmostPagesOfUserMemoryAreSharedAndLeftLikeOthers) {
    constexpr uint64_t TOP = USER_END - PAGE_SIZE;
    struct virt_range block = pages_at(align_down(TOP, BLOCK), 511);
    ASSERT_EQ(map_new(pages_at(TOP, 1)), STATUS_OK);
    ASSERT_EQ(fork(block), STATUS_OK);
    FrameDrought drought(0);
    EXPECT_EQ(unmap_from(other, block), STATUS_OK);
    EXPECT_EQ(map_count(user, TOP), 1u);
}

TEST_P(ShareTest, UnmappingWhatIsBelowASharedTableTakesNoMemory) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA + BLOCK, 1)), STATUS_OK);
    ASSERT_EQ(fork(pages_at(VA, 1024)), STATUS_OK);
    FrameDrought drought(0);
    EXPECT_EQ(unmap_from(other, pages_at(VA, 512)), STATUS_OK);
    EXPECT_TRUE(cpu(0).read(VA, USER).succeeded());
}

TEST_P(ShareTest, UnmappingTheUpperPartOfATableLeavesTheLowerOne) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(unmap_from(other, pages_at(VA + BLOCK / 2, 256)), STATUS_OK);
    EXPECT_TRUE(cpu(1).read(VA + BLOCK / 2 - PAGE_SIZE, USER).succeeded());
    EXPECT_FALSE(cpu(1).read(VA + BLOCK / 2, USER).succeeded());
    EXPECT_TRUE(cpu(0).read(VA + BLOCK / 2, USER).succeeded());
}

TEST_P(ShareTest, UnmappingTheLowerPartOfATableLeavesTheUpperOne) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    ASSERT_EQ(unmap_from(other, pages_at(VA, 256)), STATUS_OK);
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
    EXPECT_TRUE(cpu(1).read(VA + BLOCK / 2, USER).succeeded());
}

TEST_P(ShareTest, UnmappingTakesATableForEachThatItCuts) { // law 2
    ASSERT_EQ(map_new(pages_at(VA, 3 * 512)), STATUS_OK);
    ASSERT_EQ(fork(pages_at(VA, 3 * 512)), STATUS_OK);
    {
        FrameDrought drought(1);
        EXPECT_EQ(unmap_from(other, pages_at(VA + PAGE_SIZE, 2)), STATUS_OK) << "the first";
    }
    {
        FrameDrought drought(1);
        EXPECT_EQ(unmap_from(other, pages_at(VA + BLOCK, 600)), STATUS_OK) << "the third";
    }
    ASSERT_EQ(unmap_from(other, pages_at(VA, 3 * 512)), STATUS_OK);
}

TEST_P(ShareTest, UnmappingTheEndOfATableAndAllOfTheNextTakesOne) { // law 2
    ASSERT_EQ(map_new(pages_at(VA, 1024)), STATUS_OK);
    ASSERT_EQ(fork(pages_at(VA, 1024)), STATUS_OK);
    FrameDrought drought(1);
    EXPECT_EQ(unmap_from(other, pages_at(VA + BLOCK / 2, 256 + 512)), STATUS_OK);
}

TEST_P(ShareTest, ALargeLeafBesideASharedTableIsNone) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(map(pages_at(VA + BLOCK, 512), DEVICE, USER_RW, 1), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    EXPECT_EQ(unshare(user, pages_at(VA, 1024)), STATUS_OK);
    EXPECT_TRUE(cpu(0).write(VA + BLOCK, 1, USER).succeeded());
}

TEST_P(ShareTest, ASharedTableIsNotMergedIntoALeaf) {
    ASSERT_EQ(map(pages_at(VA, 512), DEVICE, USER_RW, 0), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    merge(pages_at(VA, 512));
    EXPECT_EQ(query(VA).level, 0);
    EXPECT_TRUE(cpu(1).read(VA, USER).succeeded());
}

TEST_P(ShareTest, WhoHasUnsharedSeesNothingOfWhatTheOthersMapThere) { // law 12
    struct virt_range next = pages_at(VA + PAGE_SIZE, 1);
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(fork(), STATUS_OK);
    EXPECT_TRUE(cpu(1).read(VA, USER).succeeded()) << "it knows the way to the shared table";
    ASSERT_EQ(unshare(other, next), STATUS_OK);
    ASSERT_EQ(unshare(user, next), STATUS_OK);
    ASSERT_EQ(map_new(next), STATUS_OK);
    EXPECT_FALSE(cpu(1).read(VA + PAGE_SIZE, USER).succeeded());
}

TEST_P(ShareTest, AProcessMayEndWhileItSharesMoreTablesThanAGatherHolds) {
    for (uint64_t i = 0; i < 40; i++) {
        ASSERT_EQ(map_new(pages_at(VA + i * BLOCK, 1)), STATUS_OK);
    }
    ASSERT_EQ(fork(pages_at(VA, 40 * 512)), STATUS_OK);
    cpu(1).speculate(VA, 40 * BLOCK);
    ASSERT_EQ(unmap_from(other, pages_at(VA, 40 * 512)), STATUS_OK);
    EXPECT_EQ(map_count(user, VA + 39 * BLOCK), 1u);
}

INSTANTIATE_TEST_SUITE_P(, ShareTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
