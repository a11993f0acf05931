#include "mm/space/user_memory.h"

#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"
#include "mm/heap/heap.h"

/* man 2 madvise, mincore, mlock, msync. */

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
        constexpr uint8_t untouched = 0x80;
        std::vector<uint8_t> bytes(page_count + 1, untouched);
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = space_residency(&token, range(index, page_count), bytes.data());
        space_unlock(&token);
        EXPECT_EQ(bytes.back(), untouched) << "of no page";
        bytes.pop_back();
        text->clear();
        for (uint8_t byte : bytes) {
            *text += byte == 1 ? '#' : byte == 0 ? '.' : '?';
        }
        return result;
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
    EXPECT_EQ(residency(3, 1, &text), STATUS_OK);
    EXPECT_EQ(text, "#");
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

TEST_F(UserMemoryTest, WhatWillBeLockedFromNowOnFillsNothingThatIsThere) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    {
        FrameDrought drought(0);
        EXPECT_EQ(lock_pages(0, 1), STATUS_TRY_AGAIN);
    }
    ASSERT_EQ(lock_all(MEMORY_LOCK_KEPT, MEMORY_LOCKED), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 0u);
}

TEST_F(UserMemoryTest, RunningOutOfFramesWhileAPartIsLockedChangesNothing) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    unsigned needed =
        expect_all_or_nothing(parent, [&] { return lock_pages(1, 1, MEMORY_LOCKED_ON_FAULT); });
    EXPECT_EQ(needed, 1u) << "a slab for areas";
    free_fillers(fillers);
    EXPECT_EQ(areas(), "0+1 1+1 2+1");
}

TEST_F(UserMemoryTest, WhatMsyncAsks) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    EXPECT_EQ(check_mapped(0, 2, true), STATUS_OK);
    EXPECT_EQ(check_mapped(0, 3, true), STATUS_NO_MEMORY);
    ASSERT_EQ(lock_pages(0, 1), STATUS_OK);
    EXPECT_EQ(check_mapped(0, 3, true), STATUS_BUSY);
    EXPECT_EQ(check_mapped(0, 2, false), STATUS_OK);
}

} // namespace
