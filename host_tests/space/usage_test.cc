#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"
#include "mm/addr/layout.h"

/* How much a process may have, what is counted of it, and which areas are one. */

namespace {

class UsageTest : public ProcessTest {
  protected:
    status map_stack(uint64_t index, uint64_t page_count) {
        return map_with(index, page_count,
                        {.rights = READ_WRITE, .grows_down = true, .name = "stack"});
    }
};

/* Stacks. */

TEST_F(UsageTest, AStackGrowsDownToWhereItIsUsed) {
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_TRUE(write(990, 1));
    EXPECT_EQ(areas(), "990+12");
    EXPECT_EQ(usage().stack_pages, 12u);
    EXPECT_TRUE(write(1001, 1));
    EXPECT_EQ(areas(), "990+12");
    EXPECT_FALSE(can_read(1002)) << "never upwards";
    vm_area area;
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(990)), &area));
    EXPECT_EQ(area.source_page, page_at(990) >> PAGE_SHIFT);
}

TEST_F(UsageTest, TheLimitOfStacksIsTold) {
    EXPECT_EQ(space_stack_limit_bytes(parent), SPACE_UNLIMITED);
    limit(&space_limits::stack_bytes, 3);
    EXPECT_EQ(space_stack_limit_bytes(parent), 3 * PAGE_SIZE);
    EXPECT_EQ(map_memory(0, 1), STATUS_OK) << "the lock is free again";
}

TEST_F(UsageTest, AStackGrowsNoFurtherThanItsLimitAndTheGapBelowIt) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_FALSE(write(1 + STACK_GAP_PAGES - 1, 1));
    limit(&space_limits::stack_bytes, 10);
    EXPECT_FALSE(write(991, 1));
    EXPECT_TRUE(write(992, 1));
    limit(&space_limits::stack_bytes, 10000);
    EXPECT_TRUE(write(1 + STACK_GAP_PAGES, 1));
}

TEST_F(UsageTest, MemoryWithoutRightsIsGapEnough) {
    ASSERT_EQ(map_memory(900, 10, RIGHT_NONE), STATUS_OK);
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_TRUE(write(910, 1));
    EXPECT_FALSE(write(909, 1));
}

TEST_F(UsageTest, AStackMayReachAnotherOne) {
    ASSERT_EQ(map_stack(700, 10), STATUS_OK);
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_TRUE(write(710, 1));
    EXPECT_TRUE(write(690, 1));
}

TEST_F(UsageTest, AStackThatIsAFilesGrowsDownToTheFilesFirstPage) {
    TestFile file(4);
    ASSERT_EQ(map_with(1000, 2,
                       {.rights = READ_WRITE,
                        .source = file.source(),
                        .source_page = 2,
                        .grows_down = true,
                        .name = "stack"}),
              STATUS_OK);
    EXPECT_FALSE(write(997, 1));
    EXPECT_EQ(areas(), "1000+2");
    EXPECT_EQ(read(998), 0x1000u);
    ASSERT_EQ(unmap(parent, VA, 1002), STATUS_OK);
}

TEST_F(UsageTest, LimitsHoldForAStackThatGrows) {
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    limit(&space_limits::address_space_bytes, 3);
    EXPECT_FALSE(write(998, 1));
    EXPECT_TRUE(write(999, 1));
    limit(&space_limits::locked_bytes, 0);
    EXPECT_TRUE(write(998, 1)) << "it is not locked";
    limit(&space_limits::locked_bytes, 5);
    ASSERT_EQ(lock_pages(998, 4), STATUS_OK);
    EXPECT_FALSE(write(996, 1));
    EXPECT_TRUE(write(997, 1));
}

TEST_F(UsageTest, AStackThatGrowsMayHavePagesFromThenOn) { // as on Linux
    vm_area area;
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_TRUE(can_read(999));
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(999)), &area));
    EXPECT_NE(area.copies_id, 0u);
}

TEST_F(UsageTest, NothingIsFreeBelowALowStack) {
    constexpr int64_t low = (static_cast<int64_t>(NULL_GUARD_END) - static_cast<int64_t>(VA)) /
                            static_cast<int64_t>(PAGE_SIZE);
    locked_range token;
    struct virt_range found = {};
    ASSERT_EQ(map_stack(static_cast<uint64_t>(low + 4), 2), STATUS_OK);
    struct space_gap gap = {2, PAGE_SIZE, virt_addr(NULL_GUARD_END + 6 * PAGE_SIZE)};
    space_lock_for_writing(parent, space_user_range(), &token);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_NO_MEMORY);
    space_unlock(&token);
}

TEST_F(UsageTest, AGapIsKeptFreeBelowAStack) {
    locked_range token;
    struct virt_range found = {};
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    struct space_gap gap = {10, PAGE_SIZE, virt_addr(page_at(1002))};
    space_lock_for_writing(parent, space_user_range(), &token);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_OK);
    space_unlock(&token);
    EXPECT_EQ(found.start.value, page_at(1000 - STACK_GAP_PAGES - 10));
}

TEST_F(UsageTest, AGapIsLookedForFromTheSpacesOwnEndAndThenAboveIt) {
    locked_range token;
    struct virt_range found = {};
    space_set_mmap_end(parent, virt_addr(VA));
    struct space_gap gap = {16, PAGE_SIZE, {}};
    uint64_t below = (VA - NULL_GUARD_END) >> PAGE_SHIFT;
    fork();
    space_lock_for_writing(child, space_user_range(), &token);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_OK);
    EXPECT_EQ(found.start.value, VA - 16 * PAGE_SIZE);
    gap.page_count = below + 1;
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_OK);
    EXPECT_EQ(found.start.value, NULL_GUARD_END) << "the lowest, over the end";
    gap.end = virt_addr(VA);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_NO_MEMORY);
    gap.end = virt_addr(NULL_GUARD_END);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_NO_MEMORY);
    gap.end = virt_addr(PAGE_SIZE);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_NO_MEMORY);
    space_unlock(&token);
}

/* Limits and what is counted. */

TEST_F(UsageTest, TheLimitsOfMemoryAndOfDataHold) {
    limit(&space_limits::address_space_bytes, 5);
    EXPECT_EQ(map_memory(0, 6), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(0, 5), STATUS_OK);
    EXPECT_EQ(map_memory(9, 1), STATUS_NO_MEMORY);
    limit(&space_limits::data_bytes, 6);
    EXPECT_EQ(map_memory(9, 2), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(9, 2, RIGHT_READ), STATUS_OK) << "no data";
    EXPECT_EQ(protect(parent, page_at(9), 2, READ_WRITE), STATUS_NO_MEMORY);
    EXPECT_EQ(protect(parent, page_at(9), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(protect(parent, VA, 5, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE), STATUS_OK)
        << "data already";
}

static uint64_t asked_pages; /* what limits_of_this_user lets a space have */

static space_limits limits_of_this_user() {
    return {asked_pages * PAGE_SIZE, SPACE_UNLIMITED, SPACE_UNLIMITED,
            SPACE_UNLIMITED,         false,           false};
}

TEST_F(UsageTest, LimitsAreThoseOfWhoeverUsesTheSpaceNow) {
    space_ask_limits(parent, limits_of_this_user);
    asked_pages = 2;
    EXPECT_EQ(map_memory(0, 3), STATUS_NO_MEMORY);
    asked_pages = 3;
    EXPECT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_EQ(map_memory(9, 1), STATUS_NO_MEMORY);
}

TEST_F(UsageTest, AMappingThatALimitForbidsReplacesNothing) {
    const space_mapping over = {.rights = READ_WRITE, .replaces = true, .name = "over"};
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(1, 7));
    limit(&space_limits::address_space_bytes, 5);
    EXPECT_EQ(map_with(1, 5, over), STATUS_NO_MEMORY);
    EXPECT_EQ(read(1), 7u);
    EXPECT_EQ(map_with(1, 4, over), STATUS_OK) << "what it replaces counts no more";
    EXPECT_EQ(read(1), 0u);
    EXPECT_EQ(usage().data_pages, 5u);
}

TEST_F(UsageTest, WhatIsAboveALimitThatWasLoweredStaysAndGrowsNoMore) {
    ASSERT_EQ(map_memory(0, 5), STATUS_OK);
    limit(&space_limits::address_space_bytes, 3);
    EXPECT_EQ(map_memory(9, 1), STATUS_NO_MEMORY);
    EXPECT_TRUE(write(4, 1));
}

TEST_F(UsageTest, SharedMemoryStacksAndCodeAreNoData) {
    TestFile file(2);
    limit(&space_limits::data_bytes, 1);
    EXPECT_EQ(map_shared(file, 0, 2), STATUS_OK);
    EXPECT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_EQ(map_memory(9, 2, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(protect(parent, page_at(9), 2, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_EQ(usage().data_pages, 0u);
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(UsageTest, APromiseForCopiesOfAFileIsKeptAndNoneIsMadeForReading) {
    TestFile file(4);
    uint64_t before = space_committed_pages();
    ASSERT_EQ(map_private(file, 0, 2), STATUS_OK);
    ASSERT_EQ(map_private(file, 2, 2, RIGHT_READ, 2), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before + 2);
    ASSERT_EQ(protect(parent, VA, 2, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before + 2) << "it may have been written to";
    ASSERT_EQ(protect(parent, page_at(2), 2, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before + 2);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before);
}

TEST_F(UsageTest, AFaultThatFailsOrOnlyReplacesAPageAddsNone) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    {
        FrameDrought drought(0);
        EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_NO_MEMORY);
    }
    EXPECT_EQ(usage().peak_resident, 0u);
    EXPECT_TRUE(can_read(0) && write(0, 1)) << "the page of zeroes, and then one of its own";
    EXPECT_EQ(usage().peak_resident, 1u);
}

TEST_F(UsageTest, MoreThanAllMemoryIsNotPromisedUnlessNobodyAsks) {
    uint64_t too_many = frame_count().total + 1;
    EXPECT_EQ(map_memory(0, too_many), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(0, too_many, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(protect(parent, VA, too_many, READ_WRITE), STATUS_NO_MEMORY);
    ASSERT_EQ(unmap(parent, VA, too_many), STATUS_OK);
    EXPECT_EQ(map_with(0, too_many, {.rights = READ_WRITE, .is_unreserved = true, .name = "vast"}),
              STATUS_OK);
}

TEST_F(UsageTest, WhatIsPromisedIsCounted) {
    uint64_t before = space_committed_pages();
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before + 4);
    ASSERT_EQ(protect(parent, VA, 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before + 3) << "nothing was written there";
    EXPECT_TRUE(write(1, 1));
    ASSERT_EQ(protect(parent, page_at(1), 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before + 3);
    fork();
    EXPECT_EQ(space_committed_pages(), before + 6);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 4), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before);
}

/* Puts back how promises are made. */
class PromiseTest : public UsageTest {
  protected:
    void SetUp() override {
        UsageTest::SetUp();
        usual = space_overcommit;
    }
    void TearDown() override {
        space_overcommit = usual;
        UsageTest::TearDown();
    }

    /* A limit that leaves so many pages, with what is kept back. */
    static void leave(uint64_t page_count) {
        uint64_t kept = frame_count().total * 3 / 100;
        uint64_t limit = space_committed_pages() + kept + page_count + 1;
        space_overcommit = {.mode = OVERCOMMIT_NEVER,
                            .ratio_percent = 0,
                            .kbytes = (uint32_t)(limit * PAGE_SIZE / 1024)};
    }

    overcommit usual = {};
};

TEST_F(PromiseTest, NothingIsRefusedWhereAllIsPromised) {
    space_overcommit.mode = OVERCOMMIT_ALWAYS;
    EXPECT_EQ(map_memory(0, frame_count().total + 1), STATUS_OK);
}

TEST_F(PromiseTest, TheLimitIsAPartOfMemoryOrWhatItIsSetTo) {
    space_overcommit = {.mode = OVERCOMMIT_GUESS, .ratio_percent = 25, .kbytes = 0};
    EXPECT_EQ(space_commit_limit_pages(), frame_count().total / 4);
    space_overcommit.kbytes = 4096;
    EXPECT_EQ(space_commit_limit_pages(), 1024u);
}

TEST_F(PromiseTest, TheLimitOfPromisesHolds) {
    leave(4);
    EXPECT_EQ(map_memory(0, 5), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_EQ(map_memory(8, 1), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(8, 1, RIGHT_READ), STATUS_OK) << "it cannot be written to";
    EXPECT_EQ(protect(parent, page_at(8), 1, READ_WRITE), STATUS_NO_MEMORY);
    EXPECT_EQ(map_with(9, 1, {.rights = READ_WRITE, .is_unreserved = true, .name = "vast"}),
              STATUS_NO_MEMORY)
        << "MAP_NORESERVE means nothing then";
    address_space *second = nullptr;
    EXPECT_EQ(space_fork(parent, "second", &second), STATUS_NO_MEMORY);
}

TEST_F(PromiseTest, WhatAMappingReplacesIsPromisedNoMore) {
    leave(4);
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    const space_mapping over = {.rights = READ_WRITE, .replaces = true, .name = "over"};
    EXPECT_EQ(map_with(0, 4, over), STATUS_OK);
    EXPECT_EQ(map_with(1, 4, over), STATUS_NO_MEMORY);
}

TEST_F(PromiseTest, WhoHasMuchLeavesSomeOfTheLimitAlone) {
    ASSERT_EQ(map_memory(100, 96, RIGHT_READ), STATUS_OK);
    leave(4);
    EXPECT_EQ(map_memory(0, 2), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(0, 1), STATUS_OK);
}

TEST_F(PromiseTest, NothingIsPromisedBeyondALimitThatWasLowered) {
    ASSERT_EQ(map_memory(0, 64), STATUS_OK);
    space_overcommit = {.mode = OVERCOMMIT_NEVER, .ratio_percent = 0, .kbytes = 4};
    EXPECT_EQ(map_memory(100, 1), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(100, 1, RIGHT_READ), STATUS_OK);
}

TEST_F(PromiseTest, SharedMemoryIsPromisedOnceUnlessNobodyAsks) {
    area_source *source = nullptr;
    leave(4);
    EXPECT_EQ(area_source_create_anonymous(5 * PAGE_SIZE, &source), STATUS_NO_MEMORY);
    uint64_t before = space_committed_pages();
    ASSERT_EQ(area_source_create_unreserved(5 * PAGE_SIZE, &source), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before);
    area_source_unref(source);
    ASSERT_EQ(area_source_create_anonymous(4 * PAGE_SIZE, &source), STATUS_OK);
    EXPECT_EQ(space_committed_pages(), before + 4);
    area_source_unref(source);
}

TEST_F(PromiseTest, AdministratorsHaveAReserve) {
    leave(4);
    struct space_limits limits = {SPACE_UNLIMITED, SPACE_UNLIMITED, SPACE_UNLIMITED,
                                  SPACE_UNLIMITED, false,           true};
    space_set_limits(parent, &limits);
    EXPECT_EQ(map_memory(0, 5), STATUS_OK);
}

TEST_F(UsageTest, NoNewCodeIsMadeWhereThatIsDenied) { // man 2 prctl, PR_SET_MDWE
    constexpr uint8_t CODE = RIGHT_READ | RIGHT_EXECUTE;
    ASSERT_EQ(map_memory(0, 1, READ_WRITE | RIGHT_EXECUTE), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1, CODE), STATUS_OK);
    ASSERT_EQ(map_memory(4, 1), STATUS_OK);
    struct space_limits limits = {
        SPACE_UNLIMITED, SPACE_UNLIMITED, SPACE_UNLIMITED, SPACE_UNLIMITED, true, false};
    space_set_limits(parent, &limits);
    EXPECT_EQ(map_memory(6, 1, READ_WRITE | RIGHT_EXECUTE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(map_memory(6, 1, CODE), STATUS_OK);
    EXPECT_EQ(map_memory(8, 1), STATUS_OK);
    EXPECT_EQ(protect(parent, page_at(8), 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(protect(parent, page_at(4), 1, CODE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(protect(parent, page_at(2), 1, READ_WRITE | RIGHT_EXECUTE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(protect(parent, page_at(2), 1, CODE), STATUS_OK);
    EXPECT_EQ(protect(parent, page_at(0), 1, CODE), STATUS_OK);
}

TEST_F(UsageTest, UsageIsTakenApartByKind) {
    TestFile file(2);
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    ASSERT_EQ(map_private(file, 4, 2, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    ASSERT_EQ(map_shared(file, 6, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && can_read(1) && can_read(4) && write(6, 1));
    struct space_usage found = usage();
    EXPECT_EQ(found.total_pages, 7u);
    EXPECT_EQ(found.data_pages, 4u);
    EXPECT_EQ(found.executable_pages, 2u);
    EXPECT_EQ(found.shared_pages, 1u);
    EXPECT_EQ(found.area_count, 4u) << "and the null guard";
    EXPECT_EQ(found.resident_anonymous, 1u);
    EXPECT_EQ(found.resident_file, 2u);
    EXPECT_EQ(found.table_pages, 4u) << "one of each level";
    ASSERT_EQ(unmap(parent, VA, 7), STATUS_OK);
    found = usage();
    EXPECT_EQ(found.total_pages, 0u);
    EXPECT_EQ(found.peak_pages, 7u);
    EXPECT_EQ(found.peak_resident, 4u) << "the page of zeroes too";
    EXPECT_EQ(found.resident_anonymous + found.resident_file, 0u);
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 1) && write(2, 1));
    EXPECT_EQ(usage().peak_resident, 4u) << "what has gone counts no more";
}

TEST_F(UsageTest, AnAreasUsageSaysWhatItSharesWithOthers) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 1));
    fork();
    EXPECT_TRUE(write(0, 2, 1)) << "its table is its own now, and that page";
    vm_area area;
    struct area_usage found;
    ASSERT_TRUE(space_find_area(child, virt_addr(VA), &area));
    space_area_usage(child, &area, &found);
    EXPECT_EQ(found.resident, 2u);
    EXPECT_EQ(found.anonymous, 2u);
    EXPECT_EQ(found.private_dirty, 1u);
    EXPECT_EQ(found.shared_dirty, 1u);
    EXPECT_EQ(found.resident_share_bytes, PAGE_SIZE + PAGE_SIZE / 2);
    EXPECT_EQ(found.locked, 0u);
}

TEST_F(UsageTest, PagesOfATableThatIsSharedAreAllItsSharers) {
    vm_area area;
    struct area_usage found;
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_TRUE(can_read(0) && write(1, 1) && write(2, 1));
    fork();
    ASSERT_TRUE(space_find_area(child, virt_addr(VA), &area));
    space_area_usage(child, &area, &found);
    EXPECT_EQ(found.resident, 2u) << "the page of zeroes is nobody's";
    EXPECT_EQ(found.shared_dirty, 2u);
    EXPECT_EQ(found.resident_share_bytes, PAGE_SIZE);
}

TEST_F(UsageTest, APageOfAFileIsDirtyOnceItIsWrittenTo) {
    TestFile file(3);
    vm_area area;
    struct area_usage found;
    ASSERT_EQ(map_shared(file, 0, 3), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 2), STATUS_OK);
    EXPECT_TRUE(can_read(0) && write(1, 1));
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    space_area_usage(parent, &area, &found);
    EXPECT_EQ(found.resident, 2u);
    EXPECT_EQ(found.private_clean, 1u);
    EXPECT_EQ(found.private_dirty, 1u);
    EXPECT_EQ(found.locked, 2u);
    ASSERT_EQ(unmap(parent, VA, 3), STATUS_OK);
}

TEST_F(UsageTest, WhatWasUsedSinceItWasFilledIsReferenced) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    ASSERT_EQ(populate(parent, VA, 3), STATUS_OK);
    EXPECT_TRUE(can_read(1));
    vm_area area;
    struct area_usage found;
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    space_area_usage(parent, &area, &found);
    EXPECT_EQ(found.resident, 3u);
    EXPECT_EQ(found.referenced, 1u);
    EXPECT_EQ(found.private_dirty, 3u) << "nobody else has what is there";
}

TEST_F(UsageTest, CodeIsWhatCanBeRunAndNotWrittenTo) {
    ASSERT_EQ(map_memory(0, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(map_memory(1, 2, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    ASSERT_EQ(map_memory(3, 4, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_EQ(usage().executable_pages, 2u);
}

TEST_F(UsageTest, TheKernelsMemoryIsNoProcesss) {
    struct virt_range range;
    ASSERT_EQ(kernel_range_alloc(2, "stack", &range), STATUS_OK);
    EXPECT_EQ(usage(kernel_space()).total_pages, 0u);
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(UsageTest, AStackIsNoCodeEvenWhereItCanBeRun) {
    ASSERT_EQ(map_with(1000, 2,
                       {.rights = RIGHT_READ | RIGHT_EXECUTE, .grows_down = true, .name = "stack"}),
              STATUS_OK);
    EXPECT_EQ(usage().stack_pages, 2u);
    EXPECT_EQ(usage().executable_pages, 0u);
}

} // namespace
