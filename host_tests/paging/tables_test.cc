#include <algorithm>

#include "host_tests/paging/paging_test.h"
#include "mm/paging/pte.h"

/* The tables themselves: when they come, what they say, and when they go. */

namespace {

using TablesTest = PagingOnEveryMachineTest;

constexpr uint64_t VA = 7 * GIB;
constexpr uint64_t LAST_OF_TABLE = VA + 511 * PAGE_SIZE;

uint64_t table_frames() {
    return frame_count().by_state[FRAME_TABLE];
}

pte_t *slot_of(const page_table &table, uint64_t va, unsigned level) {
    phys_addr_t at = table.root;
    for (unsigned above = table.levels - 1u; above > level; above--) {
        pte_t *slots = static_cast<pte_t *>(platform_phys_to_virt(at));
        at = pte_table_address(slots[level_index(virt_addr(va), above)]);
    }
    pte_t *slots = static_cast<pte_t *>(platform_phys_to_virt(at));
    return &slots[level_index(virt_addr(va), level)];
}

TEST_P(TablesTest, ATableThatBecomesEmptyIsFreedAtEveryLevel) { // S38
    uint64_t before = table_frames();
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(table_frames(), before + user.levels - 1);
    cpu(1).write(VA, 1, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(table_frames(), before);
}

TEST_P(TablesTest, ATableWhoseOnlyEntryIsTheLastStays) { // S38
    uint64_t before = table_frames();
    ASSERT_EQ(map_new(pages_at(VA, 512)), STATUS_OK);
    cpu(1).write(LAST_OF_TABLE, 7, USER);
    ASSERT_EQ(unmap(pages_at(VA, 511)), STATUS_OK);
    EXPECT_EQ(table_frames(), before + user.levels - 1);
    EXPECT_EQ(cpu(1).read(LAST_OF_TABLE, USER).value, 7u);
}

TEST_P(TablesTest, ATableThatWasEmptyAllAlongIsFreedByUnmap) { // S38
    uint64_t before = table_frames();
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, 1), 0), STATUS_OK);
    cpu(1).speculate(VA, PAGE_SIZE); /* finds nothing, but remembers the way */
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_EQ(table_frames(), before);
}

TEST_P(TablesTest, AParkedEntryKeepsItsTable) {
    uint64_t before = table_frames();
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    ASSERT_EQ(unmap(pages_at(VA + PAGE_SIZE, 1)), STATUS_OK);
    EXPECT_EQ(table_frames(), before + user.levels - 1);
}

TEST_P(TablesTest, KernelTablesStayWhenTheyBecomeEmpty) { // T3
    uint64_t before = table_frames();
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    cpu(1).write(KERNEL_RANGES_BASE, 1);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
    EXPECT_EQ(table_frames(), before);
}

TEST_P(TablesTest, AReservedRangeCanBeMappedWithoutMemory) { // T4
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, 1024), 0), STATUS_OK);
    FrameDrought drought(0);
    EXPECT_EQ(map(pages_at(VA, 1024), DEVICE + PAGE_SIZE, USER_RW), STATUS_OK);
}

TEST_P(TablesTest, EntriesAndSharesOfATableAreCounted) { // T1
    ASSERT_EQ(map_new(pages_at(VA + 5 * PAGE_SIZE, 300)), STATUS_OK);
    const frame *table = frame_of(pte_table_address(*slot_of(user, VA, 1)));
    EXPECT_EQ(table->state, FRAME_TABLE);
    EXPECT_EQ(table->level, 0);
    EXPECT_EQ(table->table.entry_count, 300);
    EXPECT_EQ(table->table.share_count, 1u);
    EXPECT_EQ(table->table.owner, &user);
}

TEST_P(TablesTest, TheTablesThatTheBootMadeAreCountedLikeAllOthers) { // T1
    phys_addr_t table = kernel.root;
    for (unsigned level = kernel.levels; level-- > 0;) {
        const frame *frame = frame_of(table);
        const pte_t *slots = static_cast<pte_t *>(platform_phys_to_virt(table));
        auto is_there = [](pte_t entry) { return entry.raw != 0; };
        EXPECT_EQ(frame->state, FRAME_TABLE);
        EXPECT_EQ(frame->level, level);
        EXPECT_EQ(frame->table.entry_count, std::count_if(slots, slots + TABLE_ENTRIES, is_there));
        EXPECT_EQ(frame->table.owner, &kernel);
        table = pte_table_address(slots[level_index(virt_addr(KERNEL_RANGES_BASE), level)]);
    }
}

TEST_P(TablesTest, TheLowerHalfsTablesLeaveTheDecisionToTheLeaf) { // S25
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RO), STATUS_OK);
    for (unsigned level = 1; level < user.levels; level++) {
        EXPECT_EQ(slot_of(user, VA, level)->raw & 0xfff, uint64_t{PTE_TABLE_USER});
    }
}

TEST_P(TablesTest, TheUpperHalfsTablesNeverHaveTheUserBit) { // S25
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    for (unsigned level = 0; level < kernel.levels; level++) {
        EXPECT_EQ(slot_of(kernel, KERNEL_RANGES_BASE, level)->raw & PTE_USER, 0u);
    }
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
}

TEST_P(TablesTest, ANewProcessHasAnEmptyLowerHalfAndSharesTheUpper) { // S52, S54
    const pte_t *kernel_root = static_cast<pte_t *>(platform_phys_to_virt(kernel.root));
    const pte_t *user_root = static_cast<pte_t *>(platform_phys_to_virt(other.root));
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t expected = i < 256 ? 0 : pte_table_address(kernel_root[i]).value;
        EXPECT_EQ(pte_table_address(user_root[i]).value, expected);
    }
}

TEST_P(TablesTest, WhatTheKernelMapsLaterIsSeenInEveryProcess) { // S54
    switch_to(1, other);
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    cpu(0).write(KERNEL_RANGES_BASE, 11);
    EXPECT_EQ(cpu(1).read(KERNEL_RANGES_BASE).value, 11u);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
}

TEST_P(TablesTest, DestroyingAProcessFreesItsFramesAndTables) { // S53
    uint64_t before = frame_count().by_state[FRAME_FREE];
    page_table doomed;
    ASSERT_EQ(page_table_create_user(&doomed, &kernel), STATUS_OK);
    std::vector<phys_addr_t> frames = new_frames(600);
    ASSERT_EQ(page_table_map_frames(&doomed, pages_at(VA, 600), frames.data(), USER_RW), STATUS_OK);
    ASSERT_EQ(page_table_map(&doomed, pages_at(GIB, 512), phys_addr(DEVICE), USER_RW, 2),
              STATUS_OK);
    switch_to(1, doomed);
    cpu(1).write(VA, 1, USER);
    switch_to(1, user);
    EXPECT_EQ(page_table_destroy_user(&doomed), STATUS_OK);
    EXPECT_EQ(frame_count().by_state[FRAME_FREE], before);
}

TEST_P(TablesTest, ReservingWhereTablesAndLargeLeavesAreTakesNothing) { // T4
    ASSERT_EQ(map(pages_at(VA, 512), DEVICE, USER_RW, 1), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA + 2 * MIB, 1)), STATUS_OK);
    std::vector<uint64_t> before = snapshot(user);
    for (unsigned level : {0u, 1u}) {
        EXPECT_EQ(page_table_reserve(&user, pages_at(VA, 1024), level), STATUS_OK);
        EXPECT_EQ(snapshot(user), before);
    }
}

TEST_P(TablesTest, ACpuThatLoadsTheSameTableAgainIsStillAsked) { // S3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    switch_to(1, user);
    cpu(1).write(VA, 1, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
}

TEST_P(TablesTest, AProcessThatACpuRunsIsNotDestroyed) { // S53
    switch_to(1, other);
    EXPECT_EQ(page_table_destroy_user(&other), STATUS_BUSY);
}

TEST_P(TablesTest, ATableIsZeroesBeforeACpuCanSeeIt) { // T2, S20
    pc().speculate_at_every_chance(VA - 2 * MIB, 4 * MIB);
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    EXPECT_EQ(cpu(1).tlb().size(), 0u) << "the oracle would name what was cached";
    pc().at_every_chance(nullptr);
}

/* The kernel's tables stay, so they are made before frames are counted. */
class TopmostRangeTest : public PagingTest {
  protected:
    /* The last page of one table, and all of the next. */
    static constexpr uint64_t FIRST = -(513 * PAGE_SIZE);

    void boot_with_early_allocator() override {
        PagingTest::boot_with_early_allocator();
        ASSERT_EQ(page_table_reserve(&kernel, pages_at(FIRST, 513), 1), STATUS_OK);
        ASSERT_EQ(map(pages_at(FIRST, 513), DEVICE, KERNEL_RW, 0), STATUS_OK);
    }
};

TEST_F(TopmostRangeTest, ARangeMayEndWithTheLastAddressThereIs) { // T4: takes what it reserved
    EXPECT_EQ(query(FIRST).pa.value, DEVICE);
    EXPECT_EQ(query(-1ull).pa.value, DEVICE + 513 * PAGE_SIZE - 1);
    ASSERT_EQ(unmap(pages_at(FIRST, 513)), STATUS_OK);
    EXPECT_FALSE(is_mapped(FIRST) || is_mapped(-1ull));
}

using WithoutContextIdsTest = PagingTest;

TEST_F(WithoutContextIdsTest, ATablesContextIdIsNotLoaded) { // the machine would name its bits
    page_table numbered;
    ASSERT_EQ(page_table_create_user(&numbered, &kernel), STATUS_OK);
    numbered.context_id = 9;
    switch_to(1, numbered);
    switch_to(1, user);
    EXPECT_EQ(page_table_destroy_user(&numbered), STATUS_OK);
}

INSTANTIATE_TEST_SUITE_P(Machines, TablesTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
