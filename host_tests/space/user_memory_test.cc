#include "mm/space/user_memory.h"

#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"

/* man 2 madvise, mincore, msync. */

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
    ASSERT_EQ(map_memory(3, 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(discard(0, 4), STATUS_NO_MEMORY) << "and not forgotten at the last area";
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

TEST_F(UserMemoryTest, WhatIsRefusedIsToldOfRatherThanAHoleAndEndsIt) {
    TestFile file(4);
    ASSERT_EQ(map_private(file, 1, 1), STATUS_OK);
    ASSERT_EQ(map_shared(file, 2, 1), STATUS_OK);
    ASSERT_EQ(map_memory(3, 1), STATUS_OK);
    EXPECT_EQ(punch(0, 2), STATUS_ACCESS_DENIED);
    EXPECT_EQ(punch(1, 2), STATUS_ACCESS_DENIED);
    EXPECT_EQ(file.word(0), 0x1000u);
    EXPECT_EQ(set_policy(0, 2, FORK_WIPES), STATUS_INVALID);
    EXPECT_EQ(set_policy(2, 2, FORK_WIPES), STATUS_INVALID);
    vm_area area;
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(3)), &area));
    EXPECT_FALSE(area.is_wiped_on_fork);
    ASSERT_EQ(lock_pages(3, 1), STATUS_OK);
    ASSERT_EQ(unmap(parent, page_at(2), 1), STATUS_OK);
    EXPECT_EQ(discard(2, 2), STATUS_INVALID);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(UserMemoryTest, RangesThatAreNotAllUserMemoryAreRefused) {
    constexpr uint64_t beyond = (USER_END - VA) >> PAGE_SHIFT; /* the last canonical page */
    std::string text;
    EXPECT_EQ(discard(beyond, 1), STATUS_INVALID);
    EXPECT_EQ(discard_lazily(beyond, 1), STATUS_INVALID);
    EXPECT_EQ(punch(beyond, 1), STATUS_INVALID);
    EXPECT_EQ(set_policy(beyond, 1, FORK_KEEPS), STATUS_INVALID);
    EXPECT_EQ(check_mapped(beyond, 1, false), STATUS_INVALID);
    EXPECT_EQ(residency(beyond, 1, &text), STATUS_INVALID);
    EXPECT_EQ(fill(beyond, 1, ACCESS_READ), STATUS_INVALID);
    limit(&space_limits::locked_bytes, 0);
    EXPECT_EQ(lock_pages(beyond, 1), STATUS_INVALID);
}

/* What a function finds on its stack is not what the last one has left there. */
[[gnu::noinline]] void leave_garbage() {
    volatile uint8_t garbage[4096];
    for (volatile uint8_t &byte : garbage) {
        byte = 0x5a;
    }
}

TEST_F(UserMemoryTest, AFaultAtAKernelAddressIsRefused) {
    uint64_t word = 0;
    leave_garbage();
    EXPECT_EQ(space_resolve_fault(parent, virt_addr(DIRECT_MAP_BASE), ACCESS_READ), STATUS_FAULT);
    leave_garbage();
    EXPECT_EQ(space_write_initial(parent, virt_addr(DIRECT_MAP_BASE), &word, sizeof word, nullptr),
              STATUS_FAULT);
}

TEST_F(UserMemoryTest, TheKernelWritesNothingWhereThereIsNoMemoryForIt) {
    uint64_t word = 1;
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    {
        FrameDrought drought(0);
        EXPECT_EQ(space_write(parent, virt_addr(VA), &word, sizeof word, nullptr),
                  STATUS_NO_MEMORY);
    }
    EXPECT_EQ(read(0), 0u);
}

TEST_F(UserMemoryTest, LockedMemoryIsDiscardedWhereThatIsAskedFor) { // MADV_DONTNEED_LOCKED
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    ASSERT_EQ(lock_pages(0, 1), STATUS_OK);
    locked_range token;
    space_lock_for_writing(parent, space_user_range(), &token);
    EXPECT_EQ(space_discard_locked(&token, range(0, 1)), STATUS_OK);
    space_unlock(&token);
    EXPECT_EQ(read(0), 0u);
}

/* Fork policies. */

TEST_F(UserMemoryTest, WhatAChildsAreasSayOfThePagesFromBefore) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1), STATUS_OK);
    ASSERT_EQ(map_memory(4, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(4, 1));
    ASSERT_EQ(set_policy(4, 1, FORK_WIPES), STATUS_OK);
    ASSERT_EQ(lock_pages(2, 1, MEMORY_LOCKED_ON_FAULT), STATUS_OK);
    fork();
    auto area_at = [&](uint64_t index) {
        vm_area area = {};
        EXPECT_TRUE(space_find_area(child, virt_addr(page_at(index)), &area));
        return area;
    };
    EXPECT_TRUE(area_at(0).has_parents_pages && area_at(0).copies_id != 0) << "it has some";
    EXPECT_FALSE(area_at(2).has_parents_pages || area_at(2).copies_id != 0) << "none yet";
    EXPECT_FALSE(area_at(4).has_parents_pages || area_at(4).copies_id != 0) << "none any more";
    EXPECT_FALSE(area_at(2).is_locked || area_at(2).is_lazily_locked);
}

TEST_F(UserMemoryTest, AChildHasItsParentsLimitsAndCountsItsPages) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 1) && write(2, 1));
    limit(&space_limits::address_space_bytes, 5);
    fork();
    EXPECT_EQ(usage(child).peak_resident, 3u);
    EXPECT_EQ(map(child, page_at(9), 2, READ_WRITE), STATUS_NO_MEMORY);
    EXPECT_TRUE(write(3, 1, 1)) << "in a table that they share";
    EXPECT_EQ(usage(child).peak_resident, 4u);
}

TEST_F(UserMemoryTest, AForkPolicyThatChangesNothingNeedsNoMemory) { // law 2
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    {
        FrameDrought drought(0);
        EXPECT_EQ(set_policy(1, 1, FORK_COPIES), STATUS_OK);
        EXPECT_EQ(set_policy(1, 1, FORK_LEAVES_OUT), STATUS_NO_MEMORY);
    }
    free_fillers(fillers);
    EXPECT_EQ(areas(), "0+3");
}

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
    ASSERT_EQ(map_memory(0, 1024), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2) && write(600, 3));
    ASSERT_EQ(set_policy(1, 1, FORK_LEAVES_OUT), STATUS_OK);
    ASSERT_EQ(set_policy(512, 512, FORK_LEAVES_OUT), STATUS_OK);
    for (unsigned left = 0; child == nullptr && left < 32; left++) {
        heap_drain();
        FrameDrought drought(left);
        status result = space_fork(parent, "child", &child);
        EXPECT_TRUE(result == STATUS_OK || result == STATUS_NO_MEMORY);
    }
    ASSERT_NE(child, nullptr);
    run(1, child);
    EXPECT_EQ(read(0, 1), 1u);
    EXPECT_FALSE(can_read(1, 1) || can_read(600, 1));
    expect_sound();
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

TEST_F(UserMemoryTest, PopulatingEndsWithTheFirstPageThatCannotBeFilled) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(3, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(map_memory(4, 1), STATUS_OK);
    EXPECT_TRUE(write(1, 1));
    {
        FrameDrought drought(0);
        EXPECT_EQ(fill(0, 2, ACCESS_WRITE), STATUS_NO_MEMORY) << "the second one is there";
    }
    EXPECT_EQ(fill(3, 2, ACCESS_WRITE), STATUS_INVALID) << "the first one is read-only";
    EXPECT_EQ(fill(1, 4, ACCESS_READ), STATUS_NO_MEMORY) << "a hole";
    EXPECT_EQ(usage().peak_resident, 1u) << "and nothing behind it";
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
    EXPECT_TRUE(write(2, 1));
    ASSERT_EQ(protect(parent, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(residency(0, 3, &text), STATUS_OK);
    EXPECT_EQ(text, ".##") << "one area";
    ASSERT_EQ(unmap(parent, page_at(1), 1), STATUS_OK);
    EXPECT_EQ(residency(0, 3, &text), STATUS_NO_MEMORY);
    EXPECT_EQ(text, ".??") << "as far as the hole";
    ASSERT_EQ(unmap(parent, page_at(3), 3), STATUS_OK);
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
