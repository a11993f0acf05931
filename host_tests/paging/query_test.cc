#include "host_tests/paging/paging_test.h"
#include "mm/paging/pte.h"

/* Looking without touching: query, for_each, walk. */

namespace {

using QueryTest = PagingOnEveryMachineTest;

constexpr uint64_t VA = 0x7f1234567000; // S01: 0xfe, 0x48, 0x1a2, 0x167

TEST_P(QueryTest, NothingIsMappedWhereNothingWasMapped) { // S40
    EXPECT_EQ(query(VA).kind, PAGE_ABSENT);
    EXPECT_EQ(query(VA).level, user.levels - 1);
}

TEST_P(QueryTest, AnAddressOutsideTheCanonicalOnesIsAbsentWhateverItsLowerBitsSay) { // S01
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    page_query found = page_table_query(&user, virt_addr(VA | 1ull << 60));
    EXPECT_EQ(found.kind, PAGE_ABSENT);
    EXPECT_EQ(found.level, user.levels - 1);
}

TEST_P(QueryTest, TheOffsetIntoThePageIsKept) { // S40
    ASSERT_EQ(map(pages_at(4 * GIB, 512), DEVICE, USER_RW), STATUS_OK);
    page_query found = query(4 * GIB + 0x12345);
    EXPECT_EQ(found.pa.value, DEVICE + 0x12345);
    EXPECT_EQ(found.level, 1);
    EXPECT_FALSE(found.is_owned);
}

TEST_P(QueryTest, WhatTheCpuSetIsReported) {
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    cpu(0).read(VA, USER);
    cpu(1).write(VA + PAGE_SIZE, 1, USER);
    EXPECT_TRUE(query(VA).is_accessed && !query(VA).is_dirty);
    EXPECT_TRUE(query(VA + PAGE_SIZE).is_dirty && query(VA + PAGE_SIZE).is_owned);
}

TEST_P(QueryTest, AttributesAreThoseThatWereAskedFor) {
    page_attributes asked = {RIGHT_READ | RIGHT_EXECUTE | RIGHT_USER, CACHE_WRITE_COMBINING, 7};
    ASSERT_EQ(map(pages_at(VA, 1), DEVICE, asked), STATUS_OK);
    page_query found = query(VA);
    EXPECT_EQ(found.attributes.rights, asked.rights);
    EXPECT_EQ(found.attributes.cache, asked.cache);
    EXPECT_EQ(found.attributes.protection_key, asked.protection_key);
    EXPECT_EQ(found.effective_rights, asked.rights);
}

TEST_P(QueryTest, TheRightsOfEveryLevelCount) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    unsigned top = user.levels - 1u;
    uint64_t slot = user.root.value + 8 * level_index(virt_addr(VA), top);
    uint64_t entry = pc().ram().load(slot);
    pc().ram().store(slot, entry & ~PTE_WRITABLE);
    EXPECT_EQ(query(VA).attributes.rights, USER_RW.rights);
    EXPECT_EQ(query(VA).effective_rights, USER_RO.rights);
    pc().ram().store(slot, entry);
}

TEST_P(QueryTest, KernelPagesCanBeLookedUpInAnyProcess) { // S40
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    page_query found = page_table_query(&other, virt_addr(KERNEL_RANGES_BASE));
    EXPECT_EQ(found.kind, PAGE_MAPPED);
    EXPECT_EQ(found.effective_rights, KERNEL_RW.rights);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
}

TEST_P(QueryTest, LookingChangesNothing) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    std::vector<uint64_t> before = snapshot(user);
    (void)query(VA);
    page_walk walk;
    page_table_walk(&user, virt_addr(VA), &walk);
    EXPECT_EQ(snapshot(user), before);
}

struct Visited {
    std::vector<uint64_t> addresses;
    size_t limit = SIZE_MAX;
};

bool remember(void *context, virt_addr_t va, const page_query *) {
    auto *visited = static_cast<Visited *>(context);
    visited->addresses.push_back(va.value);
    return visited->addresses.size() < visited->limit;
}

TEST_P(QueryTest, EveryEntryIsVisitedOnceInOrder) { // S93
    ASSERT_EQ(map(pages_at(4 * GIB, 512), DEVICE, USER_RW), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(4 * GIB + 2 * MIB, 1)), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    Visited visited;
    page_table_for_each(&user, pages_at(0, USER_END / PAGE_SIZE), remember, &visited);
    EXPECT_EQ(visited.addresses, (std::vector<uint64_t>{4 * GIB, 4 * GIB + 2 * MIB, VA}));
}

TEST_P(QueryTest, AVisitStartsInsideALargeLeafAndStopsWhenTold) {
    ASSERT_EQ(map(pages_at(4 * GIB, 1024), DEVICE, USER_RW, 1), STATUS_OK);
    Visited visited = {.limit = 1};
    page_table_for_each(&user, pages_at(4 * GIB + 5 * PAGE_SIZE, 600), remember, &visited);
    EXPECT_EQ(visited.addresses, (std::vector<uint64_t>{4 * GIB + 5 * PAGE_SIZE}));
}

TEST_P(QueryTest, AWalkShowsEachLevelDownToWhereItStops) { // S90, S01
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RO), STATUS_OK);
    page_walk walk;
    page_table_walk(&user, virt_addr(VA + 0x890), &walk);
    ASSERT_EQ(walk.step_count, user.levels);
    const page_walk_step *last = &walk.steps[walk.step_count - 1];
    EXPECT_EQ(walk.steps[0].table.value, user.root.value);
    EXPECT_EQ(last->level, 0);
    EXPECT_EQ(last->index, 0x167);
    EXPECT_STREQ(last->words, "present, read-only, user, no-execute, 4 KiB leaf");
    EXPECT_EQ((last - 3)->index, 0xfe);
}

TEST_P(QueryTest, AWalkThatFindsNothingShowsWhereItEnded) {
    page_walk walk;
    page_table_walk(&user, virt_addr(VA), &walk);
    ASSERT_EQ(walk.step_count, 1);
    EXPECT_STREQ(walk.steps[0].words, "not present");
}

INSTANTIATE_TEST_SUITE_P(Machines, QueryTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
