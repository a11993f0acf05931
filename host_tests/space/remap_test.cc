#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"
#include "mm/addr/layout.h"

/* man 2 mremap. */

namespace {

class RemapTest : public ProcessTest {
  protected:
    static struct space_remap resize(uint64_t index, uint64_t old_count, uint64_t new_count,
                                     bool may_move = false) {
        return {.old = {virt_addr(page_at(index)), old_count},
                .new_page_count = new_count,
                .may_move = may_move};
    }

    static struct space_remap move_to(uint64_t index, uint64_t old_count, uint64_t new_count,
                                      uint64_t to) {
        struct space_remap what = resize(index, old_count, new_count, true);
        what.is_fixed = true;
        what.new_start = virt_addr(page_at(to));
        return what;
    }

    static struct space_remap keep(struct space_remap what) {
        what.keeps_old = true;
        return what;
    }

    status seal(uint64_t index, uint64_t page_count) {
        locked_range token;
        space_lock_for_writing(parent, space_user_range(), &token);
        status result = space_seal(&token, range(index, page_count));
        space_unlock(&token);
        return result;
    }

    /* Page i is written to with 100 + i. */
    void fill_words(uint64_t index, uint64_t page_count) {
        for (uint64_t i = index; i < index + page_count; i++) {
            EXPECT_TRUE(write(i, 100 + i));
        }
    }
};

TEST_F(RemapTest, AnAreaGrowsWhereItIs) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    fill_words(0, 2);
    uint64_t start = 0;
    ASSERT_EQ(remap(resize(0, 2, 5), &start), STATUS_OK);
    EXPECT_EQ(start, VA);
    EXPECT_EQ(areas(), "0+5");
    EXPECT_EQ(read(1), 101u);
    EXPECT_TRUE(write(4, 1));
}

TEST_F(RemapTest, AnAreaThatGrowsJoinsTheNext) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(4, 2), STATUS_OK);
    ASSERT_EQ(remap(resize(0, 2, 4)), STATUS_OK);
    EXPECT_EQ(areas(), "0+6");
}

TEST_F(RemapTest, AnAreaShrinks) {
    ASSERT_EQ(map_memory(0, 5), STATUS_OK);
    fill_words(0, 5);
    uint64_t start = 0;
    ASSERT_EQ(remap(resize(1, 4, 2), &start), STATUS_OK);
    EXPECT_EQ(start, page_at(1));
    EXPECT_EQ(areas(), "0+3");
    EXPECT_FALSE(can_read(3));
}

TEST_F(RemapTest, WhatShrinksOrStaysMayBeSeveralAreas) { // as on Linux
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(2, 2, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(remap(resize(0, 4, 4)), STATUS_OK);
    EXPECT_EQ(remap(resize(0, 9, 1)), STATUS_OK);
    EXPECT_EQ(areas(), "0+1");
}

TEST_F(RemapTest, WhereItCannotGrowItMovesOnlyIfItMay) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    ASSERT_EQ(map_memory(3, 1, RIGHT_READ), STATUS_OK);
    fill_words(0, 3);
    EXPECT_EQ(remap(resize(0, 3, 4)), STATUS_NO_MEMORY);
    EXPECT_EQ(remap(resize(0, 2, 3)), STATUS_NO_MEMORY) << "it is not the area's end";
    uint64_t start = 0;
    ASSERT_EQ(remap(resize(0, 3, 4, true), &start), STATUS_OK);
    EXPECT_EQ(start, SPACE_MMAP_END - 4 * PAGE_SIZE);
    EXPECT_EQ(read_as_user(start + 2 * PAGE_SIZE).value, 102u);
    EXPECT_EQ(read_as_user(start + 3 * PAGE_SIZE).value, 0u);
    EXPECT_FALSE(can_read(0));
    EXPECT_TRUE(can_read(3));
}

TEST_F(RemapTest, MovingTakesPagesAlongAndCopiesNone) {
    ASSERT_EQ(map_memory(0, 8), STATUS_OK);
    fill_words(0, 4);
    translation before;
    translation after;
    ASSERT_EQ(space_translate(parent, virt_addr(page_at(3)), &before), STATUS_OK);
    ASSERT_EQ(remap(move_to(2, 3, 3, 20)), STATUS_OK);
    ASSERT_EQ(space_translate(parent, virt_addr(page_at(21)), &after), STATUS_OK);
    EXPECT_EQ(after.pa.value, before.pa.value);
    EXPECT_EQ(areas(), "0+2 5+3 20+3");
    EXPECT_EQ(read(20), 102u);
    EXPECT_EQ(read(22), 0u) << "it had not been used";
    EXPECT_EQ(read(0), 100u);
    EXPECT_FALSE(can_read(2));
}

TEST_F(RemapTest, WhatIsInTheWayOfAFixedMoveGoes) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(10, 6, RIGHT_READ), STATUS_OK);
    fill_words(0, 2);
    EXPECT_TRUE(can_read(12));
    ASSERT_EQ(remap(move_to(0, 2, 3, 12)), STATUS_OK);
    EXPECT_EQ(areas(), "10+2 12+3 15+1");
    EXPECT_EQ(read(13), 101u);
    EXPECT_TRUE(write(14, 1));
}

TEST_F(RemapTest, AFixedMoveMakesSmaller) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    fill_words(0, 4);
    ASSERT_EQ(remap(move_to(0, 4, 2, 10)), STATUS_OK);
    EXPECT_EQ(areas(), "10+2");
    EXPECT_EQ(read(11), 101u);
}

TEST_F(RemapTest, TheOldPlaceStaysEmptyWhereItIsKept) { // MREMAP_DONTUNMAP
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    fill_words(0, 2);
    ASSERT_EQ(remap(keep(move_to(0, 2, 2, 10))), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 10+2");
    EXPECT_EQ(read(10), 100u);
    EXPECT_EQ(read(0), 0u);
    EXPECT_TRUE(write(1, 1));
    struct space_remap hinted = keep(resize(10, 2, 2, true));
    uint64_t start = 0;
    hinted.new_start = virt_addr(page_at(20));
    ASSERT_EQ(remap(hinted, &start), STATUS_OK);
    EXPECT_EQ(start, page_at(20)) << "a hint that is free";
    hinted.new_start = virt_addr(page_at(0));
    ASSERT_EQ(remap(hinted, &start), STATUS_OK);
    EXPECT_EQ(start, SPACE_MMAP_END - 2 * PAGE_SIZE) << "one that is not";
}

TEST_F(RemapTest, WhatIsLeftBehindIsNewMemory) {
    vm_area area;
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    fill_words(0, 2);
    ASSERT_EQ(lock_pages(0, 2, MEMORY_LOCKED_ON_FAULT), STATUS_OK);
    ASSERT_EQ(remap(keep(move_to(0, 2, 2, 10))), STATUS_OK);
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    EXPECT_EQ(area.copies_id, 0u);
    EXPECT_FALSE(area.is_locked || area.is_lazily_locked);
    EXPECT_EQ(usage().total_pages, 4u);
}

TEST_F(RemapTest, WhatIsLeftBehindByAChildIsItsOwn) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    fill_words(0, 2);
    fork();
    struct space_remap what = keep(move_to(0, 2, 2, 10));
    virt_addr_t start = {};
    locked_range token;
    space_lock_for_writing(child, space_user_range(), &token);
    EXPECT_EQ(space_remap(&token, &what, &start), STATUS_OK);
    space_unlock(&token);
    vm_area area;
    ASSERT_TRUE(space_find_area(child, virt_addr(VA), &area));
    EXPECT_FALSE(area.has_parents_pages);
}

TEST_F(RemapTest, WhatIsLeftBehindMayJoinMemoryThatHasPages) {
    vm_area area;
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(4, 2), STATUS_OK);
    fill_words(4, 2);
    ASSERT_EQ(remap(keep(move_to(0, 2, 2, 2))), STATUS_OK);
    EXPECT_EQ(areas(), "0+6");
    ASSERT_TRUE(space_find_area(parent, virt_addr(VA), &area));
    EXPECT_NE(area.copies_id, 0u);
}

TEST_F(RemapTest, AMoveToTheNextPlaceOverlapsNothing) {
    ASSERT_EQ(map_memory(2, 2), STATUS_OK);
    fill_words(2, 2);
    ASSERT_EQ(remap(move_to(2, 2, 2, 0)), STATUS_OK);
    EXPECT_EQ(areas(), "0+2");
    ASSERT_EQ(remap(move_to(0, 2, 2, 2)), STATUS_OK);
    EXPECT_EQ(areas(), "2+2");
    EXPECT_EQ(read(3), 103u);
}

TEST_F(RemapTest, AMoveIsNoGrowth) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    fill_words(0, 4);
    EXPECT_EQ(usage().peak_pages, 4u);
    limit(&space_limits::address_space_bytes, 2);
    ASSERT_EQ(remap(move_to(0, 4, 4, 20)), STATUS_OK);
    EXPECT_EQ(usage().peak_pages, 4u) << "though both places were there for a moment";
    ASSERT_EQ(remap(move_to(20, 4, 2, 0)), STATUS_OK);
    EXPECT_EQ(usage().peak_pages, 4u);
    limit(&space_limits::address_space_bytes, 10);
    ASSERT_EQ(map_memory(2, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(remap(resize(0, 2, 6, true)), STATUS_OK);
    EXPECT_EQ(usage().peak_pages, 7u);
    ASSERT_EQ(unmap(parent, VA, 10), STATUS_OK);
}

TEST_F(RemapTest, WhatIsNotLockedGrowsWithoutRegardToThatLimit) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    limit(&space_limits::locked_bytes, 0);
    EXPECT_EQ(remap(resize(0, 2, 3)), STATUS_OK);
}

TEST_F(RemapTest, LockedMemoryIsFilledWhereItHasMoved) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 2), STATUS_OK);
    ASSERT_EQ(remap(move_to(0, 2, 4, 20)), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 4u);
}

TEST_F(RemapTest, AnAddressThatNobodyAskedForIsNotLookedAt) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1, RIGHT_READ), STATUS_OK);
    struct space_remap what = resize(0, 2, 3, true);
    uint64_t start = 0;
    what.new_start = virt_addr(page_at(50));
    ASSERT_EQ(remap(what, &start), STATUS_OK);
    EXPECT_EQ(start, SPACE_MMAP_END - 3 * PAGE_SIZE);
}

TEST_F(RemapTest, MemoryGrowsUpToTheEndOfUserMemory) {
    constexpr uint64_t top = (USER_END - VA) >> PAGE_SHIFT;
    ASSERT_EQ(map_memory(top - 2, 1), STATUS_OK);
    EXPECT_EQ(remap(resize(top - 2, 1, 3)), STATUS_NO_MEMORY);
    EXPECT_EQ(remap(resize(top - 2, 1, 2)), STATUS_OK);
    EXPECT_EQ(remap(move_to(top - 2, 4, 4, 0)), STATUS_FAULT) << "two pages are nobody's";
    struct space_remap hinted = keep(resize(top - 2, 2, 2, true));
    hinted.new_start = virt_addr(USER_END - PAGE_SIZE);
    EXPECT_EQ(remap(hinted), STATUS_INVALID);
}

TEST_F(RemapTest, MoreThanAllMemoryIsNotGrownTo) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    uint64_t start = 0;
    EXPECT_EQ(remap(resize(0, 1, frame_count().total + 2)), STATUS_NO_MEMORY);
    EXPECT_EQ(areas(), "0+1");
    ASSERT_EQ(map_memory(1, 1, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(remap(resize(0, 1, frame_count().total + 2, true), &start), STATUS_NO_MEMORY);
    EXPECT_EQ(start, VA) << "nothing has moved";
}

TEST_F(RemapTest, SharedPagesAreShownASecondTime) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    uint64_t start = 0;
    EXPECT_EQ(remap(resize(1, 0, 2)), STATUS_NO_MEMORY) << "there is no room where it is";
    ASSERT_EQ(remap(resize(1, 0, 2, true), &start), STATUS_OK);
    EXPECT_TRUE(write(2, 22));
    EXPECT_EQ(read_as_user(start + PAGE_SIZE).value, 22u);
    ASSERT_EQ(map_memory(10, 1), STATUS_OK);
    EXPECT_EQ(remap(resize(10, 0, 1, true)), STATUS_INVALID) << "private";
    ASSERT_EQ(unmap(parent, 0, USER_END >> PAGE_SHIFT), STATUS_OK);
}

TEST_F(RemapTest, OnlyWhatIsKeptOfAShrinkingMoveMustBeOneArea) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(2, 2, RIGHT_READ), STATUS_OK);
    fill_words(0, 2);
    ASSERT_EQ(remap(move_to(0, 4, 2, 20)), STATUS_OK);
    EXPECT_EQ(areas(), "20+2");
    EXPECT_EQ(read(21), 101u);
}

TEST_F(RemapTest, LockedMemoryThatIsKeptEmptyIsLockedNoMore) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 2), STATUS_OK);
    ASSERT_EQ(remap(keep(move_to(0, 2, 2, 20))), STATUS_OK);
    EXPECT_EQ(usage().locked_pages, 2u);
    EXPECT_EQ(discard(0, 2), STATUS_OK);
    EXPECT_EQ(discard(20, 2), STATUS_INVALID);
}

TEST_F(RemapTest, WhatIsToBeShownASecondTimeCanBeInTheWayItself) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    EXPECT_EQ(remap(move_to(1, 0, 4, 1)), STATUS_FAULT);
    EXPECT_EQ(areas(), "0+1") << "as on Linux, it has gone all the same";
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(RemapTest, SeveralAreasCanOnlyBeMovedAsTheyAre) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(map_memory(5, 1), STATUS_OK);
    fill_words(0, 2);
    EXPECT_EQ(remap(resize(0, 3, 4, true)), STATUS_FAULT);
    EXPECT_EQ(remap(move_to(0, 4, 3, 20)), STATUS_FAULT);
    EXPECT_EQ(remap(keep(resize(0, 3, 3, true))), STATUS_FAULT);
    EXPECT_EQ(areas(), "0+2 2+1 5+1");
    uint64_t start = 0;
    ASSERT_EQ(remap(move_to(0, 7, 7, 20), &start), STATUS_OK) << "since Linux 6.17";
    EXPECT_EQ(start, page_at(20));
    EXPECT_EQ(areas(), "20+2 22+1 25+1");
    EXPECT_EQ(read(21), 101u);
}

TEST_F(RemapTest, WhereThereIsNoMemoryItIsAFault) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(guard(parent, page_at(1), 1, "guard"), STATUS_OK);
    EXPECT_EQ(remap(resize(1, 1, 2, true)), STATUS_FAULT);
    EXPECT_EQ(remap(resize(3, 1, 2, true)), STATUS_FAULT);
    EXPECT_EQ(remap(resize(3, 1, 1)), STATUS_FAULT);
    EXPECT_EQ(remap(move_to(3, 1, 1, 10)), STATUS_FAULT);
    EXPECT_EQ(remap(resize(0, 1ull << 40, 1ull << 34, true)), STATUS_INVALID);
}

TEST_F(RemapTest, ArgumentsThatMakeNoSenseAreRefusedFirst) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    State before = state(parent);
    struct space_remap unaligned = resize(0, 1, 1);
    unaligned.old.start = virt_addr(VA + 1);
    EXPECT_EQ(remap(unaligned), STATUS_INVALID);
    EXPECT_EQ(remap(resize(0, 1, 0)), STATUS_INVALID);
    EXPECT_EQ(remap(resize(0, 1, (USER_END >> PAGE_SHIFT) + 1, true)), STATUS_INVALID);
    EXPECT_EQ(remap(resize(0, 1, UINT64_MAX, true)), STATUS_INVALID);
    EXPECT_EQ(remap(move_to(0, 4, 4, 3)), STATUS_INVALID) << "overlap";
    EXPECT_EQ(remap(move_to(2, 2, 3, 0)), STATUS_INVALID) << "overlap from below";
    struct space_remap target = move_to(0, 1, 1, 9);
    target.may_move = false;
    EXPECT_EQ(remap(target), STATUS_INVALID);
    target = move_to(0, 1, 1, 9);
    target.new_start = virt_addr(page_at(9) + 8);
    EXPECT_EQ(remap(target), STATUS_INVALID);
    target.new_start = virt_addr(USER_END);
    EXPECT_EQ(remap(target), STATUS_INVALID);
    target.new_start = virt_addr(DIRECT_MAP_BASE);
    EXPECT_EQ(remap(target), STATUS_INVALID);
    target.new_start = virt_addr(PAGE_SIZE);
    EXPECT_EQ(remap(target), STATUS_NOT_PERMITTED) << "the null guard";
    EXPECT_EQ(remap(keep(move_to(0, 1, 2, 9))), STATUS_INVALID);
    EXPECT_TRUE(state(parent) == before);
}

TEST_F(RemapTest, ATargetMayBeginWhereTheNullGuardEnds) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    fill_words(0, 1);
    struct space_remap lowest = move_to(0, 1, 1, 0);
    lowest.new_start = virt_addr(NULL_GUARD_END);
    ASSERT_EQ(remap(lowest), STATUS_OK);
    EXPECT_EQ(read_as_user(NULL_GUARD_END).value, 100u);
}

TEST_F(RemapTest, WhereThereIsNoRoomNothingIsMoved) {
    ASSERT_EQ(map_memory(0, 1, RIGHT_READ), STATUS_OK);
    State before = state(parent);
    EXPECT_EQ(remap(resize(0, 1, USER_END >> PAGE_SHIFT, true)), STATUS_NO_MEMORY);
    EXPECT_TRUE(state(parent) == before);
}

TEST_F(RemapTest, WhatIsMovedHasBeenPromisedAlready) {
    uint64_t all = frame_count().total;
    ASSERT_EQ(map_memory(0, all), STATUS_OK);
    ASSERT_EQ(remap(resize(0, all, all + 1)), STATUS_OK);
    EXPECT_EQ(remap(move_to(0, all + 1, all + 1, 2 * all)), STATUS_OK);
    EXPECT_EQ(remap(keep(move_to(2 * all, all + 1, all + 1, 4 * all))), STATUS_NO_MEMORY)
        << "and that would be as much again";
}

TEST_F(RemapTest, WhatIsParkedAndWhatIsReadOnlyIsMovedToo) {
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    fill_words(0, 2);
    ASSERT_EQ(protect(parent, VA, 2, RIGHT_NONE), STATUS_OK);
    ASSERT_EQ(remap(move_to(0, 2, 2, 600)), STATUS_OK) << "to another table";
    EXPECT_FALSE(can_read(600));
    ASSERT_EQ(protect(parent, page_at(600), 2, READ_WRITE), STATUS_OK);
    EXPECT_EQ(read(601), 101u);
}

TEST_F(RemapTest, PagesThatAForkSharesAreMovedInOneSpaceAlone) {
    ASSERT_EQ(map_memory(0, 600), STATUS_OK);
    fill_words(0, 3);
    fill_words(598, 2);
    fork();
    ASSERT_EQ(remap(move_to(0, 600, 600, 1024)), STATUS_OK) << "a whole table, and a part of one";
    EXPECT_EQ(read(1026), 102u);
    EXPECT_EQ(read(1024 + 599), 699u);
    EXPECT_EQ(read(2, 1), 102u);
    EXPECT_TRUE(write(1026, 1));
    EXPECT_TRUE(write(599, 2, 1));
    EXPECT_EQ(read(2, 1), 102u);
    EXPECT_EQ(read(1024 + 599), 699u);
    expect_sound();
}

TEST_F(RemapTest, AFrameIsFoundAtItsPageAfterAMoveAndAForkBeforeIt) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    fill_words(0, 4);
    ASSERT_EQ(remap(move_to(1, 2, 2, 40)), STATUS_OK);
    vm_area area;
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(40)), &area));
    EXPECT_EQ(area.source_page, page_at(1) >> PAGE_SHIFT);
    fork();
    EXPECT_TRUE(write(41, 5, 1));
    expect_sound();
    ASSERT_EQ(map_memory(50, 2), STATUS_OK);
    ASSERT_EQ(remap(move_to(50, 2, 2, 60)), STATUS_OK);
    ASSERT_TRUE(space_find_area(parent, virt_addr(page_at(60)), &area));
    EXPECT_EQ(area.source_page, page_at(60) >> PAGE_SHIFT) << "it had no pages";
}

TEST_F(RemapTest, WhatWasMovedAwayJoinsItsOldNeighbourAgain) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    fill_words(0, 4);
    ASSERT_EQ(remap(move_to(2, 2, 2, 10)), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 10+2");
    ASSERT_EQ(remap(move_to(10, 2, 2, 2)), STATUS_OK);
    EXPECT_EQ(areas(), "0+4");
    EXPECT_EQ(read(3), 103u);
}

TEST_F(RemapTest, CpusThatSpeculateAtEveryMomentSeeNothingAtTheOldPlace) {
    ASSERT_EQ(map_memory(0, 40), STATUS_OK);
    ASSERT_EQ(populate(parent, VA, 40), STATUS_OK);
    run(1, parent);
    pc().speculate_at_every_chance(VA, 40 * PAGE_SIZE);
    ASSERT_EQ(remap(move_to(0, 40, 40, 512)), STATUS_OK);
    ASSERT_EQ(remap(move_to(512, 40, 40, 1024)), STATUS_OK) << "the table itself";
    ASSERT_EQ(unmap(parent, page_at(1024), 40), STATUS_OK);
}

TEST_F(RemapTest, RunningOutOfFramesWhileMovingChangesNothing) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    fill_words(0, 4);
    std::vector<vm_area *> fillers = fill_slabs();
    unsigned needed =
        expect_all_or_nothing(parent, [&] { return remap(move_to(1, 2, 2, 1024 * 1024)); });
    EXPECT_GE(needed, 1u + 2u) << "a slab for areas, and tables";
    free_fillers(fillers);
    EXPECT_EQ(read(1024 * 1024 + 1), 102u);
}

TEST_F(RemapTest, WhatIsKeptNeedsMemoryForOneAreaAlone) {
    ASSERT_EQ(map_memory(0, 3), STATUS_OK);
    fill_words(0, 3);
    std::vector<vm_area *> fillers = fill_slabs();
    {
        FrameDrought drought(0);
        free_fillers({fillers.back()});
        fillers.pop_back();
        EXPECT_EQ(remap(keep(move_to(1, 1, 1, 5))), STATUS_OK);
    }
    free_fillers(fillers);
    EXPECT_EQ(read(5), 101u);
}

TEST_F(RemapTest, NothingMovesToWhereSomethingIsSealed) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    ASSERT_EQ(map_memory(10, 1), STATUS_OK);
    ASSERT_EQ(seal(10, 1), STATUS_OK);
    EXPECT_EQ(remap(move_to(0, 4, 2, 10)), STATUS_NOT_PERMITTED);
    EXPECT_EQ(areas(), "0+4 10+1");
}

TEST_F(RemapTest, OfSeveralAreasThoseBehindASealedOneStay) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1), STATUS_OK);
    ASSERT_EQ(map_memory(4, 1), STATUS_OK);
    ASSERT_EQ(seal(2, 1), STATUS_OK);
    EXPECT_EQ(remap(move_to(0, 5, 5, 20)), STATUS_NOT_PERMITTED);
    EXPECT_EQ(areas(), "2+1 4+1 20+1");
}

TEST_F(RemapTest, LimitsHoldForWhatGrows) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    struct space_limits limits = {7 * PAGE_SIZE, SPACE_UNLIMITED, SPACE_UNLIMITED,
                                  5 * PAGE_SIZE, false,           false};
    space_set_limits(parent, &limits);
    EXPECT_EQ(remap(resize(0, 4, 8)), STATUS_NO_MEMORY);
    EXPECT_EQ(remap(resize(0, 4, 7)), STATUS_OK);
    EXPECT_EQ(remap(keep(move_to(0, 7, 7, 20))), STATUS_NO_MEMORY) << "twice as much";
    EXPECT_EQ(remap(resize(0, 7, 4)), STATUS_OK);
    ASSERT_EQ(lock_pages(0, 4), STATUS_OK);
    EXPECT_EQ(remap(resize(0, 4, 6)), STATUS_TRY_AGAIN);
    EXPECT_EQ(remap(resize(0, 4, 5)), STATUS_OK);
    EXPECT_EQ(usage().resident_anonymous, 5u) << "what is locked is filled";
    EXPECT_EQ(usage().peak_pages, 7u);
}

} // namespace
