#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"
#include "mm/space/user_memory.h"

/* man 2 mlock, and what of man 2 mprotect fills memory or takes it. */

namespace {

using UserLockTest = ProcessTest;

TEST_F(UserLockTest, LockedMemoryIsFilledAtOnceAndLazilyLockedMemoryIsNot) {
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

TEST_F(UserLockTest, NothingIsFilledForAProcessThatIsToEnd) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    pc().interrupt_process(true);
    EXPECT_EQ(fill(0, 4, ACCESS_WRITE), STATUS_INTERRUPTED);
    EXPECT_EQ(usage().resident_anonymous, 0u);
    pc().interrupt_process(false);
    EXPECT_EQ(fill(0, 4, ACCESS_WRITE), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 4u);
}

TEST_F(UserLockTest, LockedMemoryIsCopiedAsItBecomesWritable) {
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 1), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 0u);
    ASSERT_EQ(protect(parent, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 1u);
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

TEST_F(UserLockTest, LockedMemoryThatBecomesReadableIsNotFilled) {
    TestFile file(1);
    ASSERT_EQ(map_memory(0, 1, RIGHT_NONE), STATUS_OK);
    ASSERT_EQ(map_shared(file, 1, 1, RIGHT_NONE), STATUS_OK);
    EXPECT_EQ(lock_pages(0, 2), STATUS_NO_MEMORY);
    ASSERT_EQ(protect(parent, VA, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(protect(parent, page_at(1), 1, READ_WRITE), STATUS_OK) << "it is not private";
    EXPECT_EQ(usage().peak_resident, 0u);
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(UserLockTest, WhatIsLockedOneWayIsLockedTheOther) {
    vm_area area;
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 3), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    {
        FrameDrought drought(0);
        EXPECT_EQ(lock_pages(1, 1), STATUS_OK) << "it is locked already";
    }
    free_fillers(fillers);
    ASSERT_EQ(lock_pages(0, 3, MEMORY_LOCKED_ON_FAULT), STATUS_OK);
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    EXPECT_TRUE(area.is_locked && area.is_lazily_locked);
    ASSERT_EQ(lock_all(MEMORY_LOCKED, MEMORY_UNLOCKED), STATUS_OK);
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    EXPECT_TRUE(area.is_locked && !area.is_lazily_locked);
    ASSERT_EQ(lock_all(MEMORY_LOCKED_ON_FAULT, MEMORY_UNLOCKED), STATUS_OK);
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    EXPECT_TRUE(area.is_lazily_locked);
}

TEST_F(UserLockTest, WhatIsDoneToAllMemoryNeedsItsLock) { // L1
    locked_range token;
    virt_addr_t start;
    const struct space_remap as_it_is = {.old = range(0, 1), .new_page_count = 1};
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    space_lock_for_writing(parent, range(0, 1), &token);
    EXPECT_CHECK_FAILS((void)!space_lock_all(&token, MEMORY_UNLOCKED, MEMORY_UNLOCKED),
                       "virt_range_covers");
    EXPECT_CHECK_FAILS((void)!space_remap(&token, &as_it_is, &start), "virt_range_covers");
    space_unlock(&token);
}

TEST_F(UserLockTest, RightsThatAreThereAlreadyNeedNoMemory) { // law 2
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    {
        FrameDrought drought(0);
        EXPECT_EQ(protect(parent, page_at(1), 1, READ_WRITE), STATUS_OK);
        EXPECT_EQ(protect(parent, page_at(1), 1, RIGHT_READ), STATUS_NO_MEMORY);
    }
    free_fillers(fillers);
    EXPECT_EQ(areas(), "0+3");
}

TEST_F(UserLockTest, RightsThatNoTableCouldBeHadForAreNotNoted) { // law 2, law 12
    vm_area area;
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    fork();
    {
        FrameDrought drought(0);
        EXPECT_EQ(protect(parent, VA, 3, RIGHT_READ), STATUS_NO_MEMORY);
    }
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    EXPECT_EQ(area.rights_asked, READ_WRITE);
    EXPECT_TRUE(write(0, 2));
}

TEST_F(UserLockTest, LockingEndsWithTheFirstPartThatCannotBeCut) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1, RIGHT_READ), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    {
        FrameDrought drought(0);
        EXPECT_EQ(lock_pages(1, 2, MEMORY_LOCKED_ON_FAULT), STATUS_NO_MEMORY);
    }
    free_fillers(fillers);
    EXPECT_EQ(usage().locked_pages, 0u);
}

TEST_F(UserLockTest, MemoryIsFilledAtOnceWhereOnlyTheRestIsLockedLazily) {
    ASSERT_EQ(lock_all(MEMORY_LOCK_KEPT, MEMORY_LOCKED_ON_FAULT), STATUS_OK);
    ASSERT_EQ(map_with(0, 2, {.rights = READ_WRITE, .is_locked = true, .name = "now"}), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 2u);
}

TEST_F(UserLockTest, AChildHasNothingLocked) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(lock_all(MEMORY_LOCKED, MEMORY_LOCKED), STATUS_OK);
    fork();
    EXPECT_EQ(usage(child).locked_pages, 0u);
    EXPECT_EQ(usage().locked_pages, 1u);
    ASSERT_EQ(map(child, page_at(3), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(usage(child).locked_pages, 0u);
}

TEST_F(UserLockTest, LockingEndsAtAHoleAndAtMemoryThatCannotBeFilled) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1, RIGHT_NONE), STATUS_OK);
    EXPECT_EQ(lock_pages(0, 3), STATUS_NO_MEMORY);
    EXPECT_EQ(usage().locked_pages, 1u) << "what is below the hole";
    EXPECT_EQ(lock_pages(2, 1), STATUS_NO_MEMORY) << "no rights";
    ASSERT_EQ(map_memory(3, 1), STATUS_OK);
    EXPECT_EQ(lock_pages(2, 2), STATUS_NO_MEMORY) << "though the next one can be filled";
    EXPECT_EQ(lock_pages(5, 1, MEMORY_UNLOCKED), STATUS_NO_MEMORY);
}

TEST_F(UserLockTest, LockingWithoutFramesIsToBeTriedAgain) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    FrameDrought drought(0);
    EXPECT_EQ(lock_pages(0, 1), STATUS_TRY_AGAIN);
}

TEST_F(UserLockTest, TheLimitOfLockedMemoryHolds) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    limit(&space_limits::locked_bytes, 3);
    EXPECT_EQ(lock_pages(0, 4), STATUS_NO_MEMORY);
    EXPECT_EQ(lock_pages(0, 2), STATUS_OK);
    EXPECT_EQ(lock_pages(0, 3), STATUS_OK) << "what is locked already counts once";
    EXPECT_EQ(lock_pages(0, 3), STATUS_OK) << "and up to the limit";
    EXPECT_EQ(lock_all(MEMORY_LOCK_KEPT, MEMORY_LOCKED), STATUS_OK) << "nothing is, now";
    EXPECT_EQ(lock_all(MEMORY_LOCK_KEPT, MEMORY_UNLOCKED), STATUS_OK);
    EXPECT_EQ(lock_all(MEMORY_LOCKED, MEMORY_UNLOCKED), STATUS_NO_MEMORY);
    EXPECT_EQ(map_with(9, 1, {.rights = READ_WRITE, .is_locked = true, .name = "more"}),
              STATUS_TRY_AGAIN);
    limit(&space_limits::locked_bytes, 0);
    EXPECT_EQ(lock_pages(0, 1), STATUS_NOT_PERMITTED);
    EXPECT_EQ(lock_all(MEMORY_UNLOCKED, MEMORY_LOCKED), STATUS_NOT_PERMITTED);
    EXPECT_EQ(lock_all(MEMORY_LOCKED_ON_FAULT, MEMORY_UNLOCKED), STATUS_NOT_PERMITTED);
    EXPECT_EQ(lock_pages(0, 1, MEMORY_UNLOCKED), STATUS_OK);
    EXPECT_EQ(lock_all(MEMORY_UNLOCKED, MEMORY_UNLOCKED), STATUS_OK);
    EXPECT_EQ(map_memory(8, 1), STATUS_OK) << "which is not locked";
}

TEST_F(UserLockTest, AllMemoryIsLockedNowOrFromNowOn) {
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

TEST_F(UserLockTest, WhatWillBeLockedFromNowOnFillsNothingThatIsThere) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    {
        FrameDrought drought(0);
        EXPECT_EQ(lock_pages(0, 1), STATUS_TRY_AGAIN);
    }
    ASSERT_EQ(lock_all(MEMORY_LOCK_KEPT, MEMORY_LOCKED), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 0u);
}

TEST_F(UserLockTest, RunningOutOfFramesWhileAPartIsLockedChangesNothing) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    unsigned needed =
        expect_all_or_nothing(parent, [&] { return lock_pages(1, 1, MEMORY_LOCKED_ON_FAULT); });
    EXPECT_EQ(needed, 1u) << "a slab for areas";
    free_fillers(fillers);
    EXPECT_EQ(areas(), "0+1 1+1 2+1");
}

} // namespace
