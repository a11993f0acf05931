#include <gtest/gtest.h>

#include "host_tests/machine/sizes.h"
#include "host_tests/paging/paging_test.h"
#include "mm/frame/frame.h"

/* Moving what is mapped without copying it, for man 2 mremap. */

namespace {

constexpr uint64_t VA = 7 * GIB + 6 * MIB;
constexpr uint64_t BLOCK = 2 * MIB;

class MoveTest : public PagingOnEveryMachineTest {
  protected:
    status move(struct virt_range range, uint64_t to) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &user);
        status status = page_table_move(&user, range, virt_addr(to), &gather);
        tlb_gather_finish(&gather);
        return status;
    }

    status fork(struct virt_range range) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &user);
        status status = page_table_share(&user, &other, range, &gather);
        tlb_gather_finish(&gather);
        switch_to(1, other);
        pc().run_on(0);
        return status;
    }

    status unmap_other(struct virt_range range) {
        tlb_gather gather;
        tlb_gather_begin(&gather, &other);
        status status = page_table_unmap(&other, range, &gather, nullptr);
        tlb_gather_finish(&gather);
        return status;
    }

    static uint64_t tables() {
        return frame_count().by_state[FRAME_TABLE];
    }
};

TEST_P(MoveTest, APageIsAtItsNewPlaceAndForgottenAtItsOldOne) {
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    cpu(0).write(VA + PAGE_SIZE, 42, USER);
    cpu(1).read(VA + PAGE_SIZE, USER);
    phys_addr_t frame = query(VA + PAGE_SIZE).pa;
    ASSERT_EQ(move(pages_at(VA + PAGE_SIZE, 1), VA + 100 * PAGE_SIZE), STATUS_OK);
    EXPECT_FALSE(cpu(0).read(VA + PAGE_SIZE, USER).succeeded());
    EXPECT_FALSE(cpu(1).read(VA + PAGE_SIZE, USER).succeeded());
    EXPECT_EQ(cpu(1).read(VA + 100 * PAGE_SIZE, USER).value, 42u);
    EXPECT_EQ(query(VA + 100 * PAGE_SIZE).pa.value, frame.value);
    EXPECT_EQ(frame_of(frame)->map_count, 1u);
    EXPECT_TRUE(is_mapped(VA) && is_mapped(VA + 2 * PAGE_SIZE));
}

TEST_P(MoveTest, WhatCpusHaveNotedOfAPageGoesWithIt) { // P3
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    ASSERT_EQ(move(pages_at(VA, 2), VA + BLOCK + PAGE_SIZE), STATUS_OK);
    EXPECT_TRUE(query(VA + BLOCK + PAGE_SIZE).is_dirty);
    EXPECT_FALSE(query(VA + BLOCK + 2 * PAGE_SIZE).is_dirty);
}

TEST_P(MoveTest, AParkedPageStaysParked) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    ASSERT_EQ(move(pages_at(VA, 1), VA + PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(query(VA + PAGE_SIZE).kind, PAGE_PARKED);
    EXPECT_EQ(query(VA).kind, PAGE_ABSENT);
}

TEST_P(MoveTest, ARangeAcrossTablesGoesToPlacesAcrossOtherTables) {
    ASSERT_EQ(map_new(pages_at(VA + BLOCK - 3 * PAGE_SIZE, 6)), STATUS_OK);
    for (uint64_t i = 0; i < 6; i++) {
        cpu(0).write(VA + BLOCK - 3 * PAGE_SIZE + i * PAGE_SIZE, i, USER);
    }
    uint64_t to = VA + 8 * BLOCK - 2 * PAGE_SIZE;
    ASSERT_EQ(move(pages_at(VA + BLOCK - 3 * PAGE_SIZE, 6), to), STATUS_OK);
    for (uint64_t i = 0; i < 6; i++) {
        EXPECT_EQ(cpu(0).read(to + i * PAGE_SIZE, USER).value, i);
    }
}

TEST_P(MoveTest, APageGoesToTheLowestTableOfAll) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).write(VA, 5, USER);
    ASSERT_EQ(move(pages_at(VA, 1), 16 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(cpu(0).read(16 * PAGE_SIZE, USER).value, 5u);
}

TEST_P(MoveTest, BlocksThatMoveByWholeTablesCostNoEntry) {
    ASSERT_EQ(map_new(pages_at(VA, 1024)), STATUS_OK);
    cpu(0).write(VA + 700 * PAGE_SIZE, 7, USER);
    uint64_t before = tables();
    {
        FrameDrought drought(0);
        ASSERT_EQ(move(pages_at(VA, 1024), VA + 4 * BLOCK), STATUS_OK);
    }
    EXPECT_EQ(tables(), before);
    EXPECT_EQ(cpu(0).read(VA + 4 * BLOCK + 700 * PAGE_SIZE, USER).value, 7u);
    EXPECT_FALSE(cpu(0).read(VA + 700 * PAGE_SIZE, USER).succeeded());
}

TEST_P(MoveTest, ABlockThatIsNotMovedByWholeBlocksGoesPageByPage) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    cpu(0).write(VA + 511 * PAGE_SIZE, 7, USER);
    ASSERT_EQ(move(pages_at(VA, 512), VA + 4 * BLOCK + PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(cpu(0).read(VA + 5 * BLOCK, USER).value, 7u);
    EXPECT_FALSE(is_mapped(VA + 4 * BLOCK));
}

TEST_P(MoveTest, AGibibyteIsMovedByItsTablesAndNotAsOne) {
    constexpr uint64_t START = 8 * GIB;
    ASSERT_EQ(map_new(pages_at(START + 3 * PAGE_SIZE, 1)), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(START + GIB - PAGE_SIZE, 1)), STATUS_OK);
    ASSERT_EQ(move(pages_at(START, 512 * 512), START + 2 * GIB + BLOCK), STATUS_OK);
    EXPECT_TRUE(is_mapped(START + 2 * GIB + BLOCK + 3 * PAGE_SIZE));
    EXPECT_TRUE(is_mapped(START + 3 * GIB + BLOCK - PAGE_SIZE));
}

TEST_P(MoveTest, PartOfABlockLeavesTheRestWhereItWas) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(move(pages_at(VA, 511), VA + 4 * BLOCK), STATUS_OK);
    EXPECT_TRUE(is_mapped(VA + 511 * PAGE_SIZE));
    EXPECT_FALSE(is_mapped(VA + 4 * BLOCK + 511 * PAGE_SIZE));
    ASSERT_EQ(move(pages_at(VA + 4 * BLOCK + PAGE_SIZE, 510), VA + PAGE_SIZE), STATUS_OK);
    EXPECT_TRUE(is_mapped(VA + PAGE_SIZE));
    EXPECT_TRUE(is_mapped(VA + 4 * BLOCK));
}

TEST_P(MoveTest, PartOfABlockAndThenAWholeOne) {
    constexpr uint64_t HALF = 256 * PAGE_SIZE;
    ASSERT_EQ(map_new(pages_at(VA + HALF, 256 + 512 + 256)), STATUS_OK);
    cpu(0).write(VA + HALF, 1, USER);
    cpu(0).write(VA + BLOCK, 2, USER);
    cpu(0).write(VA + 2 * BLOCK, 3, USER);
    ASSERT_EQ(move(pages_at(VA + HALF, 256 + 512 + 256), VA + HALF + 4 * BLOCK), STATUS_OK);
    EXPECT_EQ(cpu(0).read(VA + HALF + 4 * BLOCK, USER).value, 1u);
    EXPECT_EQ(cpu(0).read(VA + 5 * BLOCK, USER).value, 2u);
    EXPECT_EQ(cpu(0).read(VA + 6 * BLOCK, USER).value, 3u);
}

TEST_P(MoveTest, WithinItsTableAPageNeedsNoMemory) { // law 2
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    FrameDrought drought(0);
    EXPECT_EQ(move(pages_at(VA, 1), VA + PAGE_SIZE), STATUS_OK);
}

TEST_P(MoveTest, WhatIsNotMappedNeedsNoMemory) { // law 2
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    FrameDrought drought(0);
    EXPECT_EQ(move(pages_at(VA - BLOCK / 2, 256 + 512), VA + 4 * BLOCK - BLOCK / 2), STATUS_OK);
}

TEST_P(MoveTest, APageThatIsMovedOwesItsOwnFlushOnly) { // G1
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    ASSERT_EQ(move(pages_at(VA, 1), VA + PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(pc().flush_counts().pages, 1u);
    EXPECT_EQ(pc().flush_counts().contexts, 0u);
}

TEST_P(MoveTest, TheKernelsHalfIsNotMoved) {
    EXPECT_EQ(move(pages_at(KERNEL_RANGES_BASE, 1), VA), STATUS_INVALID);
}

TEST_P(MoveTest, TablesThatBecomeEmptyGo) { // T3
    ASSERT_EQ(map_new(pages_at(VA, 4)), STATUS_OK);
    uint64_t before = tables();
    ASSERT_EQ(move(pages_at(VA, 4), VA + 512 * GIB + PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(tables(), before);
}

TEST_P(MoveTest, NothingIsMovedOfWhatIsNotMapped) {
    ASSERT_EQ(map_new(pages_at(VA + 5 * PAGE_SIZE, 1)), STATUS_OK);
    uint64_t before = tables();
    ASSERT_EQ(move(pages_at(VA, 4), VA + GIB), STATUS_OK);
    ASSERT_EQ(move(pages_at(VA + 4 * GIB, 4 * 512), VA + GIB), STATUS_OK);
    EXPECT_EQ(tables(), before);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
}

TEST_P(MoveTest, ATableThatAForkSharesIsLeftToTheOtherAsItIs) { // law 12
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    cpu(0).write(VA + 3 * PAGE_SIZE, 3, USER);
    ASSERT_EQ(fork(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(move(pages_at(VA + 2 * PAGE_SIZE, 2), VA + 2 * BLOCK), STATUS_OK);
    EXPECT_EQ(cpu(0).read(VA + 2 * BLOCK + PAGE_SIZE, USER).value, 3u);
    EXPECT_EQ(cpu(1).read(VA + 3 * PAGE_SIZE, USER).value, 3u);
    EXPECT_FALSE(cpu(0).write(VA + 2 * BLOCK + PAGE_SIZE, 1, USER).succeeded()) << "S2";
    ASSERT_EQ(unmap_other(pages_at(VA, 512)), STATUS_OK);
}

TEST_P(MoveTest, APageMovesFromOneSharedTableIntoAnother) { // law 12, T4
    ASSERT_EQ(map_new(pages_at(VA, 511)), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA + BLOCK, 2)), STATUS_OK);
    cpu(0).write(VA + BLOCK, 9, USER);
    ASSERT_EQ(fork(pages_at(VA, 1024)), STATUS_OK);
    ASSERT_EQ(move(pages_at(VA + BLOCK, 1), VA + BLOCK - PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(cpu(0).read(VA + BLOCK - PAGE_SIZE, USER).value, 9u);
    EXPECT_EQ(cpu(1).read(VA + BLOCK, USER).value, 9u);
    EXPECT_FALSE(cpu(1).read(VA + BLOCK - PAGE_SIZE, USER).succeeded());
    ASSERT_EQ(unmap_other(pages_at(VA, 1024)), STATUS_OK);
}

TEST_P(MoveTest, ASharedTableIsMovedWholeAndStaysShared) {
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    cpu(0).write(VA, 3, USER);
    ASSERT_EQ(fork(pages_at(VA, 512)), STATUS_OK);
    {
        FrameDrought drought(0);
        ASSERT_EQ(move(pages_at(VA, 512), VA + 2 * BLOCK), STATUS_OK);
    }
    EXPECT_TRUE(query(VA + 2 * BLOCK).is_table_shared);
    EXPECT_EQ(query(VA + 2 * BLOCK).table_sharers, 2u);
    EXPECT_EQ(cpu(0).read(VA + 2 * BLOCK, USER).value, 3u);
    EXPECT_FALSE(cpu(0).read(VA, USER).succeeded());
    EXPECT_EQ(cpu(1).read(VA, USER).value, 3u);
    ASSERT_EQ(unmap_other(pages_at(VA, 512)), STATUS_OK);
}

TEST_P(MoveTest, WithoutMemoryForATableNothingIsMoved) { // law 2
    ASSERT_EQ(map_new(pages_at(VA, 4)), STATUS_OK);
    std::vector<uint64_t> before = snapshot(user);
    {
        FrameDrought drought(1);
        EXPECT_EQ(move(pages_at(VA, 4), VA + 512 * GIB), STATUS_NO_MEMORY);
    }
    EXPECT_EQ(snapshot(user), before);
    EXPECT_EQ(move(pages_at(VA, 4), USER_END - 3 * PAGE_SIZE), STATUS_INVALID);
    EXPECT_EQ(move(pages_at(VA, 4), VA + 100 * PAGE_SIZE + 1), STATUS_INVALID);
    EXPECT_EQ(snapshot(user), before);
}

TEST_P(MoveTest, CpusThatSpeculateAtEveryMomentKeepNothing) {
    ASSERT_EQ(map_new(pages_at(VA, 40)), STATUS_OK);
    pc().speculate_at_every_chance(VA, 40 * PAGE_SIZE);
    ASSERT_EQ(move(pages_at(VA, 40), VA + BLOCK + 40 * PAGE_SIZE), STATUS_OK);
    ASSERT_EQ(move(pages_at(VA + BLOCK, 512), VA + 4 * BLOCK), STATUS_OK);
}

/* What an object has (FRAME_FILE): only counted. */

TEST_P(MoveTest, UnmappingAnObjectsPageLeavesItsFrame) {
    phys_addr_t page;
    ASSERT_EQ(frame_alloc_zeroed(FRAME_FILE, ZONE_NORMAL, &page), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), &page, USER_RW), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA + PAGE_SIZE, 1), &page, USER_RW), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(frame_of(page)->map_count, 1u);
    ASSERT_EQ(fork(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(VA, 512)), STATUS_OK);
    ASSERT_EQ(unmap_other(pages_at(VA, 512)), STATUS_OK);
    EXPECT_EQ(frame_of(page)->map_count, 0u);
    EXPECT_EQ(frame_of(page)->state, FRAME_FILE);
    frame_free(page);
}

TEST_P(MoveTest, ProtectingNeverMakesAnObjectsPageWritable) {
    phys_addr_t page;
    ASSERT_EQ(frame_alloc_zeroed(FRAME_FILE, ZONE_NORMAL, &page), STATUS_OK);
    ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), &page, USER_RO), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RW), STATUS_OK);
    EXPECT_FALSE(cpu(0).write(VA, 1, USER).succeeded());
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    frame_free(page);
}

TEST_P(MoveTest, TablesAreCounted) {
    uint64_t before = page_table_count(&user);
    ASSERT_EQ(map_new(pages_at(VA, 1024)), STATUS_OK);
    EXPECT_EQ(page_table_count(&user), before + user.levels);
    ASSERT_EQ(unmap(pages_at(VA, 1024)), STATUS_OK);
    EXPECT_EQ(page_table_count(&user), before);
}

INSTANTIATE_TEST_SUITE_P(, MoveTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
