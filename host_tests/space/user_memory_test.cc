#include "mm/space/user_memory.h"

#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"

/* man 2 madvise, mincore, mlock, msync; growing stacks; limits. */

namespace {

class UserMemoryTest : public ProcessTest {
  protected:
    status discard_lazily(uint64_t index, uint64_t page_count) {
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = space_discard_lazily(&token, range(index, page_count));
        space_unlock(&token);
        return result;
    }

    status punch(uint64_t index, uint64_t page_count) {
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = space_punch(&token, range(index, page_count));
        space_unlock(&token);
        return result;
    }

    status check_mapped(uint64_t index, uint64_t page_count, bool refuses_locked) {
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = space_check_mapped(&token, range(index, page_count), refuses_locked);
        space_unlock(&token);
        return result;
    }

    status residency(uint64_t index, uint64_t page_count, std::string *text) {
        std::vector<uint8_t> bytes(page_count, 0xff);
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = space_residency(&token, range(index, page_count), bytes.data());
        space_unlock(&token);
        text->clear();
        for (uint8_t byte : bytes) {
            *text += byte == 1 ? '#' : byte == 0 ? '.' : '?';
        }
        return result;
    }

    status map_stack(uint64_t index, uint64_t page_count) {
        return map_with(index, page_count,
                        {.rights = READ_WRITE, .grows_down = true, .name = "stack"});
    }

    void limit(uint64_t space_limits::*field, uint64_t pages) {
        struct space_limits limits = {SPACE_UNLIMITED, SPACE_UNLIMITED, SPACE_UNLIMITED,
                                      SPACE_UNLIMITED};
        limits.*field = pages * PAGE_SIZE;
        space_set_limits(parent, &limits);
    }
};

TEST_F(UserMemoryTest, DiscardedMemoryIsZeroesAgainAndItsFrameIsFree) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2));
    uint64_t before = free_frames();
    ASSERT_EQ(discard(1, 2), STATUS_OK);
    EXPECT_EQ(free_frames(), before + 1);
    EXPECT_EQ(read(1), 0u);
    EXPECT_EQ(read(0), 1u);
}

TEST_F(UserMemoryTest, DiscardedPartsOfFilesAreTheFilesAgain) {
    TestFile file(4);
    ASSERT_EQ(map_private(file, 0, 2), STATUS_OK);
    ASSERT_EQ(map_shared(file, 2, 2, READ_WRITE, 2), STATUS_OK);
    EXPECT_TRUE(write(1, 1) && write(2, 2));
    ASSERT_EQ(discard(0, 4), STATUS_OK);
    EXPECT_EQ(read(1), 0x1001u);
    EXPECT_EQ(read(2), 2u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(UserMemoryTest, WhatAChildDiscardsItsParentKeeps) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_TRUE(write(1, 1) && write(2, 2));
    fork();
    ASSERT_EQ(discard(1, 1, child), STATUS_OK);
    EXPECT_EQ(read(1, 1), 0u);
    EXPECT_EQ(read(2, 1), 2u);
    EXPECT_EQ(read(1), 1u);
}

TEST_F(UserMemoryTest, AHoleIsToldOfAfterTheRestHasBeenDiscarded) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(2, 2));
    EXPECT_EQ(discard(0, 3), STATUS_NO_MEMORY);
    EXPECT_EQ(read(0), 0u);
    EXPECT_EQ(read(2), 0u);
}

TEST_F(UserMemoryTest, LockedMemoryIsNotDiscardedAndEndsIt) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(2, 3));
    ASSERT_EQ(lock_pages(1, 1), STATUS_OK);
    EXPECT_EQ(discard(0, 3), STATUS_INVALID);
    EXPECT_EQ(read(0), 0u) << "below it, it was done";
    EXPECT_EQ(read(2), 3u);
    EXPECT_EQ(discard_lazily(1, 1), STATUS_INVALID);
}

TEST_F(UserMemoryTest, OnlyPrivateAnonymousMemoryIsDiscardedLazily) {
    TestFile file(1);
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_private(file, 1, 1), STATUS_OK);
    EXPECT_EQ(discard_lazily(0, 1), STATUS_OK);
    EXPECT_EQ(discard_lazily(0, 2), STATUS_INVALID);
    EXPECT_EQ(discard_lazily(5, 1), STATUS_NO_MEMORY);
    ASSERT_EQ(unmap(parent, page_at(1), 1), STATUS_OK);
}

TEST_F(UserMemoryTest, AHoleIsPunchedThroughASharedMapping) { // MADV_REMOVE
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    EXPECT_TRUE(write(1, 1));
    fork();
    ASSERT_EQ(punch(1, 2), STATUS_OK);
    EXPECT_EQ(file.word(1), 0u);
    EXPECT_EQ(file.word(2), 0u);
    EXPECT_EQ(read(1, 1), 0u);
    EXPECT_EQ(read(3), 0x1003u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 4), STATUS_OK);
}

TEST_F(UserMemoryTest, NoHoleIsPunchedThroughAnythingElse) {
    TestFile file(4);
    space_mapping read_only = {.rights = RIGHT_READ,
                               .rights_max = RIGHT_READ,
                               .source = file.source(),
                               .is_shared = true,
                               .name = "file"};
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_private(file, 1, 1), STATUS_OK);
    ASSERT_EQ(map_with(2, 1, read_only), STATUS_OK);
    ASSERT_EQ(map_shared(file, 3, 1, RIGHT_READ, 3), STATUS_OK);
    ASSERT_EQ(map_shared(file, 4, 1), STATUS_OK);
    ASSERT_EQ(lock_pages(4, 1), STATUS_OK);
    EXPECT_EQ(punch(0, 1), STATUS_INVALID);
    EXPECT_EQ(punch(1, 1), STATUS_ACCESS_DENIED);
    EXPECT_EQ(punch(2, 1), STATUS_ACCESS_DENIED);
    EXPECT_EQ(punch(3, 1), STATUS_OK) << "it might be made writable";
    EXPECT_EQ(punch(4, 1), STATUS_INVALID) << "locked";
    EXPECT_EQ(punch(5, 1), STATUS_NO_MEMORY);
    EXPECT_EQ(file.word(3), 0u);
    EXPECT_EQ(file.word(0), 0x1000u);
    ASSERT_EQ(unmap(parent, VA, 5), STATUS_OK);
}

/* Fork policies. */

TEST_F(UserMemoryTest, AnAreaIsLeftOutOfAForkAndNothingOfItShows) {
    TestFile file(1);
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    ASSERT_EQ(map_shared(file, 4, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2) && write(4, 5));
    ASSERT_EQ(set_policy(1, 2, FORK_LEAVES_OUT), STATUS_OK);
    ASSERT_EQ(set_policy(4, 1, FORK_LEAVES_OUT), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+2 3+1 4+1");
    fork();
    EXPECT_EQ(areas(child), "0+1 3+1");
    EXPECT_EQ(read(0, 1), 1u);
    EXPECT_FALSE(can_read(1, 1) || can_read(4, 1));
    EXPECT_EQ(read(1), 2u);
    EXPECT_EQ(file.references(), 1);
    expect_sound();
    ASSERT_EQ(set_policy(0, 4, FORK_COPIES), STATUS_OK);
    EXPECT_EQ(areas(), "0+4 4+1");
    ASSERT_EQ(unmap(parent, VA, 5), STATUS_OK);
}

TEST_F(UserMemoryTest, AnAreaIsWipedByAForkAndStaysSoInTheChild) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2) && write(2, 3));
    ASSERT_EQ(set_policy(1, 1, FORK_WIPES), STATUS_OK);
    fork();
    EXPECT_EQ(areas(child), "0+1 1+1 2+1");
    EXPECT_EQ(read(1, 1), 0u);
    EXPECT_EQ(read(2, 1), 3u);
    EXPECT_EQ(read(1), 2u);
    vm_area area;
    ASSERT_TRUE(space_find_area(child, virt_addr(page_at(1)), &area));
    EXPECT_TRUE(area.is_wiped_on_fork);
    ASSERT_EQ(set_policy(0, 3, FORK_KEEPS), STATUS_OK);
    EXPECT_EQ(areas(), "0+3");
}

TEST_F(UserMemoryTest, OnlyPrivateAnonymousMemoryIsWiped) {
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1), STATUS_OK);
    EXPECT_EQ(set_policy(0, 1, FORK_WIPES), STATUS_INVALID);
    EXPECT_EQ(set_policy(0, 2, FORK_LEAVES_OUT), STATUS_NO_MEMORY) << "a hole";
    fork();
    EXPECT_EQ(areas(child), "");
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

TEST_F(UserMemoryTest, RunningOutOfFramesWhileAChildLosesWhatIsLeftOutChangesNothing) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2));
    ASSERT_EQ(set_policy(1, 1, FORK_LEAVES_OUT), STATUS_OK);
    for (unsigned left = 0; child == nullptr && left < 32; left++) {
        heap_drain();
        FrameDrought drought(left);
        status result = space_fork(parent, "child", &child);
        EXPECT_TRUE(result == STATUS_OK || result == STATUS_NO_MEMORY);
    }
    ASSERT_NE(child, nullptr);
    EXPECT_EQ(read(1), 2u);
    EXPECT_TRUE(write(0, 3));
}

/* Filling. */

TEST_F(UserMemoryTest, WhatIsPopulatedForReadingTakesNoFrames) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_EQ(fill(0, 3, ACCESS_READ), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 0u);
    EXPECT_EQ(fill(0, 3, ACCESS_WRITE), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 3u);
}

TEST_F(UserMemoryTest, PopulatingBehindTheEndOfAFileIsAFault) {
    TestFile file(1);
    ASSERT_EQ(map_shared(file, 0, 2), STATUS_OK);
    EXPECT_EQ(fill(0, 2, ACCESS_WRITE), STATUS_FAULT);
    EXPECT_EQ(usage().resident_file, 1u) << "what was filled stays";
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(UserMemoryTest, WhatIsThereIsResident) {
    TestFile file(2);
    std::string text;
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    ASSERT_EQ(map_private(file, 3, 3), STATUS_OK);
    EXPECT_TRUE(write(1, 1));
    ASSERT_EQ(protect(parent, page_at(1), 1, RIGHT_NONE), STATUS_OK);
    EXPECT_EQ(residency(0, 6, &text), STATUS_OK);
    EXPECT_EQ(text, ".#.##.") << "a file's pages are, shown or not";
    EXPECT_EQ(residency(4, 3, &text), STATUS_NO_MEMORY);
    ASSERT_EQ(unmap(parent, page_at(3), 3), STATUS_OK);
}

/* Locking. */

TEST_F(UserMemoryTest, LockedMemoryIsFilledAtOnceAndLazilyLockedMemoryIsNot) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 2), STATUS_OK);
    ASSERT_EQ(lock_pages(2, 1, MEMORY_LOCKED_ON_FAULT), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 2+1 3+1");
    EXPECT_EQ(usage().resident_anonymous, 2u);
    EXPECT_EQ(usage().locked_pages, 3u);
    ASSERT_EQ(lock_pages(0, 4, MEMORY_UNLOCKED), STATUS_OK);
    EXPECT_EQ(areas(), "0+4");
    EXPECT_EQ(usage().locked_pages, 0u);
}

TEST_F(UserMemoryTest, LockedMemoryIsCopiedAsItBecomesWritable) {
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 1), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 0u);
    ASSERT_EQ(protect(parent, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 1u);
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

TEST_F(UserMemoryTest, AChildHasNothingLocked) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(lock_all(MEMORY_LOCKED, MEMORY_LOCKED), STATUS_OK);
    fork();
    EXPECT_EQ(usage(child).locked_pages, 0u);
    EXPECT_EQ(usage().locked_pages, 1u);
    ASSERT_EQ(map(child, page_at(3), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(usage(child).locked_pages, 0u);
}

TEST_F(UserMemoryTest, LockingEndsAtAHoleAndAtMemoryThatCannotBeFilled) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1, RIGHT_NONE), STATUS_OK);
    EXPECT_EQ(lock_pages(0, 3), STATUS_NO_MEMORY);
    EXPECT_EQ(usage().locked_pages, 1u) << "what is below the hole";
    EXPECT_EQ(lock_pages(2, 1), STATUS_NO_MEMORY) << "no rights";
    EXPECT_EQ(lock_pages(5, 1, MEMORY_UNLOCKED), STATUS_NO_MEMORY);
}

TEST_F(UserMemoryTest, LockingWithoutFramesIsToBeTriedAgain) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    FrameDrought drought(0);
    EXPECT_EQ(lock_pages(0, 1), STATUS_TRY_AGAIN);
}

TEST_F(UserMemoryTest, TheLimitOfLockedMemoryHolds) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    limit(&space_limits::locked_bytes, 3);
    EXPECT_EQ(lock_pages(0, 4), STATUS_NO_MEMORY);
    EXPECT_EQ(lock_pages(0, 2), STATUS_OK);
    EXPECT_EQ(lock_pages(0, 3), STATUS_OK) << "what is locked already counts once";
    EXPECT_EQ(lock_all(MEMORY_LOCKED, MEMORY_UNLOCKED), STATUS_NO_MEMORY);
    EXPECT_EQ(map_with(9, 1, {.rights = READ_WRITE, .is_locked = true, .name = "more"}),
              STATUS_TRY_AGAIN);
    limit(&space_limits::locked_bytes, 0);
    EXPECT_EQ(lock_pages(0, 1), STATUS_NOT_PERMITTED);
    EXPECT_EQ(lock_all(MEMORY_UNLOCKED, MEMORY_LOCKED), STATUS_NOT_PERMITTED);
    EXPECT_EQ(lock_pages(0, 1, MEMORY_UNLOCKED), STATUS_OK);
}

TEST_F(UserMemoryTest, AllMemoryIsLockedNowOrFromNowOn) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(lock_all(MEMORY_LOCK_KEPT, MEMORY_LOCKED), STATUS_OK);
    EXPECT_EQ(usage().locked_pages, 0u);
    ASSERT_EQ(map_memory(4, 2), STATUS_OK);
    EXPECT_EQ(usage().locked_pages, 2u);
    EXPECT_EQ(usage().resident_anonymous, 2u);
    ASSERT_EQ(lock_all(MEMORY_LOCKED, MEMORY_LOCKED_ON_FAULT), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 4u);
    ASSERT_EQ(map_memory(8, 2), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 4u) << "as it is used";
    EXPECT_EQ(usage().locked_pages, 6u);
    ASSERT_EQ(lock_all(MEMORY_UNLOCKED, MEMORY_UNLOCKED), STATUS_OK);
    EXPECT_EQ(usage().locked_pages, 0u);
}

TEST_F(UserMemoryTest, WhatMsyncAsks) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    EXPECT_EQ(check_mapped(0, 2, true), STATUS_OK);
    EXPECT_EQ(check_mapped(0, 3, true), STATUS_NO_MEMORY);
    ASSERT_EQ(lock_pages(0, 1), STATUS_OK);
    EXPECT_EQ(check_mapped(0, 3, true), STATUS_BUSY);
    EXPECT_EQ(check_mapped(0, 2, false), STATUS_OK);
}

/* Stacks. */

TEST_F(UserMemoryTest, AStackGrowsDownToWhereItIsUsed) {
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_TRUE(write(990, 1));
    EXPECT_EQ(areas(), "990+12");
    EXPECT_EQ(usage().stack_pages, 12u);
    EXPECT_TRUE(write(1001, 1));
    EXPECT_FALSE(can_read(1002)) << "never upwards";
    vm_area area;
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(990)), &area));
    EXPECT_EQ(area.source_page, page_at(990) >> PAGE_SHIFT);
}

TEST_F(UserMemoryTest, AStackGrowsNoFurtherThanItsLimitAndTheGapBelowIt) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_FALSE(write(1 + STACK_GAP_PAGES - 1, 1));
    limit(&space_limits::stack_bytes, 10);
    EXPECT_FALSE(write(991, 1));
    EXPECT_TRUE(write(992, 1));
    limit(&space_limits::stack_bytes, 10000);
    EXPECT_TRUE(write(1 + STACK_GAP_PAGES, 1));
}

TEST_F(UserMemoryTest, MemoryWithoutRightsIsGapEnough) {
    ASSERT_EQ(map_memory(900, 10, RIGHT_NONE), STATUS_OK);
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    EXPECT_TRUE(write(910, 1));
    EXPECT_FALSE(write(909, 1));
}

TEST_F(UserMemoryTest, AGapIsKeptFreeBelowAStack) {
    locked_range token;
    struct virt_range found = {};
    ASSERT_EQ(map_stack(1000, 2), STATUS_OK);
    struct space_gap gap = {10, PAGE_SIZE, virt_addr(page_at(1002))};
    space_lock_for_writing(parent, space_user_range(), &token);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_OK);
    space_unlock(&token);
    EXPECT_EQ(found.start.value, page_at(1000 - STACK_GAP_PAGES - 10));
}

TEST_F(UserMemoryTest, AGapIsLookedForFromTheSpacesOwnEndAndThenAboveIt) {
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
    gap.end = virt_addr(PAGE_SIZE);
    EXPECT_EQ(space_find_gap(&token, &gap, &found), STATUS_NO_MEMORY);
    space_unlock(&token);
}

/* Limits and what is counted. */

TEST_F(UserMemoryTest, TheLimitsOfMemoryAndOfDataHold) {
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

TEST_F(UserMemoryTest, MoreThanAllMemoryIsNotPromisedUnlessNobodyAsks) {
    uint64_t too_many = frame_count().total + 1;
    EXPECT_EQ(map_memory(0, too_many), STATUS_NO_MEMORY);
    EXPECT_EQ(map_memory(0, too_many, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(protect(parent, VA, too_many, READ_WRITE), STATUS_NO_MEMORY);
    ASSERT_EQ(unmap(parent, VA, too_many), STATUS_OK);
    EXPECT_EQ(map_with(0, too_many, {.rights = READ_WRITE, .is_unreserved = true, .name = "vast"}),
              STATUS_OK);
}

TEST_F(UserMemoryTest, WhatIsPromisedIsCounted) {
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

TEST_F(UserMemoryTest, UsageIsTakenApartByKind) {
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
}

TEST_F(UserMemoryTest, AnAreasUsageSaysWhatItSharesWithOthers) {
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

/* How areas join: what was apart when it was first written to stays apart, as on Linux. */

TEST_F(UserMemoryTest, AreasThatWereWrittenToApartStayApart) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(2, 1));
    ASSERT_EQ(map_memory(1, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 2+1");
}

TEST_F(UserMemoryTest, NeighboursThatDifferedInRightsAloneJoin) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(1, 1, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 1));
    ASSERT_EQ(protect(parent, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+2");
}

TEST_F(UserMemoryTest, NewMemoryDoesNotJoinPagesFromBeforeAFork) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    fork();
    ASSERT_EQ(map(child, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(child), "0+1 1+1");
    ASSERT_EQ(map(parent, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+2");
}

TEST_F(UserMemoryTest, WhatWasAskedForTellsAreasApart) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(1, 1, RIGHT_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1");
}

TEST_F(UserMemoryTest, AreasAreCountedAndLimited) {
    for (uint64_t i = usage().area_count; i < AREA_COUNT_MAX; i++) {
        ASSERT_EQ(map_memory(2 * i, 1, i % 2 == 0 ? READ_WRITE : RIGHT_READ), STATUS_OK);
    }
    EXPECT_EQ(map_memory(0, 1), STATUS_NO_MEMORY);
    EXPECT_EQ(map(parent, page_at(400000), 3, READ_WRITE), STATUS_NO_MEMORY);
    ASSERT_EQ(unmap(parent, page_at(2), 1), STATUS_OK);
    ASSERT_EQ(map(parent, page_at(400000), 3, READ_WRITE), STATUS_OK);
    EXPECT_EQ(unmap(parent, page_at(400001), 1), STATUS_NO_MEMORY) << "a hole makes two of one";
    EXPECT_EQ(protect(parent, page_at(400000), 1, RIGHT_READ), STATUS_NO_MEMORY);
    EXPECT_EQ(unmap(parent, page_at(400000), 1), STATUS_OK);
    ASSERT_EQ(unmap(parent, VA, 400003), STATUS_OK);
}

} // namespace
