#include <gtest/gtest.h>

#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/space/address_space.h"
#include "mm/space/area.h"

namespace {

using machine::Privilege;

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t VA = SPACE_IMAGE_BASE;

/* One space, current on CPU 0, with a second CPU in it that has touched all it can. */
class UserAreaTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        space = create();
        pc().run_on(1);
        space_switch(space);
        pc().run_on(0);
        space_switch(space);
    }

    void TearDown() override {
        expect_sound();
        for (unsigned id : {1u, 0u}) {
            pc().run_on(id);
            space_switch(kernel_space());
        }
        destroy(space);
        SpaceTest::TearDown();
    }

    bool can_read(uint64_t va) {
        return read_as_user(va).succeeded();
    }
    bool can_write(uint64_t va) {
        return write_as_user(va, 0x5a5a, 1).succeeded();
    }
    bool can_execute(uint64_t va) {
        return execute_as_user(va).succeeded();
    }

    /* The areas above the null guard: first page relative to VA, page count, rights, name. */
    struct Area {
        int64_t first;
        uint64_t page_count;
        uint8_t rights;
        std::string name;
        bool operator==(const Area &) const = default;
    };

    std::vector<Area> areas() {
        std::vector<Area> found;
        space_for_each_area(
            space,
            [](void *context, const vm_area *area) {
                int64_t first = static_cast<int64_t>(area->range.start.value - VA) >> PAGE_SHIFT;
                uint8_t rights = area->attributes.rights & ~RIGHT_USER;
                if (area->range.start.value != 0) {
                    static_cast<std::vector<Area> *>(context)->push_back(
                        {first, area->range.page_count, rights, area->name});
                }
                return true;
            },
            &found);
        return found;
    }

    address_space *space = nullptr;
};

TEST_F(UserAreaTest, MappedMemoryIsZeroedAndHasTheRightsAskedFor) {
    ASSERT_EQ(map(space, VA, 2, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, VA + 4 * PAGE_SIZE, 1, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(map(space, VA + 6 * PAGE_SIZE, 1, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_EQ(read_as_user(VA + PAGE_SIZE).value, 0u);
    EXPECT_TRUE(can_write(VA));
    EXPECT_FALSE(can_execute(VA));
    EXPECT_FALSE(can_write(VA + 4 * PAGE_SIZE));
    EXPECT_TRUE(can_execute(VA + 6 * PAGE_SIZE));
    EXPECT_FALSE(can_write(VA + 6 * PAGE_SIZE));
    EXPECT_FALSE(can_read(VA + 2 * PAGE_SIZE));
}

TEST_F(UserAreaTest, S78OnePageIsARangeLikeAnyOther) {
    EXPECT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_write(VA + PAGE_SIZE - 8));
}

TEST_F(UserAreaTest, S81FramesAreTaggedWithTheirOwner) {
    ASSERT_EQ(map(space, VA, 2, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 2), STATUS_OK);
    translation found;
    ASSERT_EQ(space_translate(space, virt_addr(VA + PAGE_SIZE), &found), STATUS_OK);
    const struct frame *frame = frame_of(found.pa);
    EXPECT_EQ(frame->state, FRAME_ANON);
    EXPECT_EQ(frame->map_count, 1u);
    EXPECT_EQ(frame->owned.owner, space_frame_owner(space));
    EXPECT_EQ(frame->owned.index, (VA + PAGE_SIZE) >> PAGE_SHIFT);
}

TEST_F(UserAreaTest, S23MappingOverAnAreaIsRefusedAndChangesNothing) {
    ASSERT_EQ(map(space, VA, 4, READ_WRITE), STATUS_OK);
    State before = state(space);
    EXPECT_EQ(map(space, VA + 3 * PAGE_SIZE, 2, READ_WRITE), STATUS_EXISTS);
    EXPECT_EQ(map(space, VA - PAGE_SIZE, 6, READ_WRITE), STATUS_EXISTS);
    EXPECT_EQ(guard(space, VA, 1, "guard"), STATUS_EXISTS);
    EXPECT_TRUE(state(space) == before);
}

TEST_F(UserAreaTest, S58TheWholeRangeMustLieInTheUserHalf) {
    State before = state(space);
    for (auto [va, page_count] : std::initializer_list<std::pair<uint64_t, uint64_t>>{
             {USER_END, 1},                        /* the last canonical page */
             {USER_END - PAGE_SIZE, 2},            /* only its end is outside */
             {0x0000800000000000, 1},              /* not canonical */
             {VA, 1ull << 40},                     /* reaches far into the upper half */
             {VA, UINT64_MAX},                     /* wraps */
             {VA, (UINT64_MAX >> PAGE_SHIFT) + 1}, /* is nothing, shifted */
             {DIRECT_MAP_BASE, 1},                 /* the kernel's */
             {0xfffffffffffff000, 2},              /* wraps into the user half */
             {VA + 1, 1},                          /* not a page */
             {VA, 0},                              /* empty */
         }) {
        EXPECT_EQ(map(space, va, page_count, READ_WRITE), STATUS_INVALID) << std::hex << va;
        EXPECT_EQ(unmap(space, va, page_count), STATUS_INVALID) << std::hex << va;
        EXPECT_EQ(protect(space, va, page_count, RIGHT_READ), STATUS_INVALID) << std::hex << va;
        EXPECT_EQ(guard(space, va, page_count, "guard"), STATUS_INVALID) << std::hex << va;
    }
    EXPECT_TRUE(state(space) == before);
    EXPECT_EQ(map(space, USER_END - PAGE_SIZE, 1, READ_WRITE), STATUS_OK);
}

TEST_F(UserAreaTest, S11RightsThatAreNotAUsersAreRefused) {
    EXPECT_EQ(map(space, VA, 1, READ_WRITE | RIGHT_GLOBAL), STATUS_INVALID);
    EXPECT_EQ(map(space, VA, 1, 0x80), STATUS_INVALID);
    ASSERT_EQ(map(space, VA, 1, READ_WRITE | RIGHT_USER), STATUS_OK);
    EXPECT_EQ(protect(space, VA, 1, RIGHT_GLOBAL), STATUS_INVALID);
}

TEST_F(UserAreaTest, WriteAloneBringsReadSinceX86CannotTellThemApart) {
    ASSERT_EQ(map(space, VA, 1, RIGHT_WRITE), STATUS_OK);
    EXPECT_TRUE(can_read(VA));
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 1, READ_WRITE, "memory"}}));
}

TEST_F(UserAreaTest, UnmappedMemoryIsGoneForEveryCpuThatHasUsedIt) {
    ASSERT_EQ(map(space, VA, 3, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_read(VA) && can_write(VA));
    ASSERT_EQ(unmap(space, VA, 3), STATUS_OK);
    EXPECT_FALSE(can_read(VA));
    EXPECT_FALSE(can_write(VA));
    EXPECT_EQ(areas(), (std::vector<Area>{}));
}

TEST_F(UserAreaTest, S37UnmappingWhatIsNotMappedIsNoError) {
    State before = state(space);
    EXPECT_EQ(unmap(space, VA, 100), STATUS_OK);
    EXPECT_TRUE(state(space) == before);
    EXPECT_EQ(pc().flush_counts().requests, 0u);
}

TEST_F(UserAreaTest, S38S39AHoleInTheMiddleSplitsAnArea) {
    ASSERT_EQ(map(space, VA, 10, READ_WRITE), STATUS_OK);
    ASSERT_EQ(unmap(space, VA + 4 * PAGE_SIZE, 2), STATUS_OK);
    EXPECT_EQ(areas(),
              (std::vector<Area>{{0, 4, READ_WRITE, "memory"}, {6, 4, READ_WRITE, "memory"}}));
    EXPECT_TRUE(can_write(VA + 3 * PAGE_SIZE));
    EXPECT_FALSE(can_write(VA + 4 * PAGE_SIZE));
    EXPECT_FALSE(can_write(VA + 5 * PAGE_SIZE));
    EXPECT_TRUE(can_write(VA + 6 * PAGE_SIZE));
}

TEST_F(UserAreaTest, S39AnUnmapAcrossAreasAndGapsCutsTheFirstAndTheLast) {
    ASSERT_EQ(map(space, VA, 4, READ_WRITE, "a"), STATUS_OK);
    ASSERT_EQ(map(space, VA + 6 * PAGE_SIZE, 4, RIGHT_READ, "b"), STATUS_OK);
    ASSERT_EQ(guard(space, VA + 11 * PAGE_SIZE, 4, "c"), STATUS_OK);
    ASSERT_EQ(unmap(space, VA + 2 * PAGE_SIZE, 10), STATUS_OK);
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 2, READ_WRITE, "a"}, {12, 3, RIGHT_NONE, "c"}}));
}

TEST_F(UserAreaTest, UnmappingEverythingLeavesAnEmptySpaceWithItsNullGuard) {
    State empty = state(space);
    ASSERT_EQ(map(space, VA, 4, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, USER_END - 4 * PAGE_SIZE, 4, READ_WRITE), STATUS_OK);
    ASSERT_EQ(unmap(space, 0, USER_END >> PAGE_SHIFT), STATUS_OK);
    EXPECT_TRUE(state(space) == empty);
}

TEST_F(UserAreaTest, ProtectingThreePagesOfSixSplitsTheAreaAndReachesEveryCpu) {
    ASSERT_EQ(map(space, VA, 6, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_write(VA + 2 * PAGE_SIZE));
    ASSERT_EQ(protect(space, VA + 2 * PAGE_SIZE, 3, RIGHT_READ), STATUS_OK);
    EXPECT_FALSE(can_write(VA + 2 * PAGE_SIZE));
    EXPECT_TRUE(can_write(VA + PAGE_SIZE));
    EXPECT_TRUE(can_write(VA + 5 * PAGE_SIZE));
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 2, READ_WRITE, "memory"},
                                          {2, 3, RIGHT_READ, "memory"},
                                          {5, 1, READ_WRITE, "memory"}}));
}

TEST_F(UserAreaTest, ProtectingBackJoinsTheAreasAgain) {
    ASSERT_EQ(map(space, VA, 6, READ_WRITE), STATUS_OK);
    ASSERT_EQ(protect(space, VA + 2 * PAGE_SIZE, 3, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(protect(space, VA + 2 * PAGE_SIZE, 3, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 6, READ_WRITE, "memory"}}));
}

TEST_F(UserAreaTest, AProtectAcrossSeveralAreasMakesThemOneIfNothingElseDiffers) {
    ASSERT_EQ(map(space, VA, 2, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, VA + 2 * PAGE_SIZE, 2, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(map(space, VA + 4 * PAGE_SIZE, 2, RIGHT_READ, "other"), STATUS_OK);
    ASSERT_EQ(protect(space, VA + PAGE_SIZE, 4, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 1, READ_WRITE, "memory"},
                                          {1, 3, RIGHT_READ, "memory"},
                                          {4, 2, RIGHT_READ, "other"}}));
}

TEST_F(UserAreaTest, NeighboursOfTheSameNameAndRightsBecomeOneArea) {
    ASSERT_EQ(map(space, VA, 2, READ_WRITE, "heap"), STATUS_OK);
    ASSERT_EQ(map(space, VA + 4 * PAGE_SIZE, 2, READ_WRITE, "heap"), STATUS_OK);
    ASSERT_EQ(map(space, VA + 2 * PAGE_SIZE, 2, READ_WRITE, "heap"), STATUS_OK);
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 6, READ_WRITE, "heap"}}));
}

TEST_F(UserAreaTest, AGuardIsNotJoinedWithParkedMemoryOfItsName) {
    ASSERT_EQ(guard(space, VA, 1, "both"), STATUS_OK);
    ASSERT_EQ(guard(space, VA + 2 * PAGE_SIZE, 1, "both"), STATUS_OK);
    ASSERT_EQ(map(space, VA + PAGE_SIZE, 1, RIGHT_NONE, "both"), STATUS_OK);
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 1, RIGHT_NONE, "both"},
                                          {1, 1, RIGHT_NONE, "both"},
                                          {2, 1, RIGHT_NONE, "both"}}));
}

TEST_F(UserAreaTest, WhatStandsBehindTheEndOfANameIsNoPartOfIt) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE, "heap\0one, and enough to fill it all up to the end"),
              STATUS_OK);
    ASSERT_EQ(map(space, VA + PAGE_SIZE, 1, READ_WRITE,
                  "heap\0two, and enough to fill it all up to the end"),
              STATUS_OK);
    EXPECT_EQ(areas(), (std::vector<Area>{{0, 2, READ_WRITE, "heap"}}));
}

TEST_F(UserAreaTest, MemoryBesideAGuardCanBeProtected) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    ASSERT_EQ(guard(space, VA + PAGE_SIZE, 1, "guard"), STATUS_OK);
    EXPECT_EQ(protect(space, VA, 1, RIGHT_READ), STATUS_OK);
}

TEST_F(UserAreaTest, AVisitOfTheAreasEndsWhereTheVisitorSays) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    unsigned visits = 0;
    space_for_each_area(
        space,
        [](void *context, const vm_area *) {
            (*static_cast<unsigned *>(context))++;
            return false;
        },
        &visits);
    EXPECT_EQ(visits, 1u);
}

TEST_F(UserAreaTest, TheLastFrameOfTheMachineCanBeUsed) {
    ASSERT_EQ(map(space, VA, 2, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_write(VA));
    EXPECT_EQ(expect_all_or_nothing(space,
                                    [&] {
                                        return space_resolve_fault(space, virt_addr(VA + PAGE_SIZE),
                                                                   ACCESS_WRITE);
                                    }),
              1u);
}

TEST_F(UserAreaTest, ParkedMemoryCannotBeReachedAndKeepsItsContents) {
    ASSERT_EQ(map(space, VA, 2, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_write(VA));
    ASSERT_EQ(protect(space, VA, 2, RIGHT_NONE), STATUS_OK);
    EXPECT_FALSE(can_read(VA));
    expect_sound();
    ASSERT_EQ(protect(space, VA, 2, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(read_as_user(VA).value, 0x5a5au);
}

TEST_F(UserAreaTest, MemoryMayBeBornParked) {
    ASSERT_EQ(map(space, VA, 2, RIGHT_NONE), STATUS_OK);
    EXPECT_FALSE(can_read(VA));
    ASSERT_EQ(protect(space, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_write(VA));
    EXPECT_FALSE(can_write(VA + PAGE_SIZE));
}

TEST_F(UserAreaTest, ProtectingWhatIsNotAllMemoryIsRefusedAndChangesNothing) {
    ASSERT_EQ(map(space, VA, 2, READ_WRITE), STATUS_OK);
    ASSERT_EQ(guard(space, VA + 2 * PAGE_SIZE, 1, "guard"), STATUS_OK);
    ASSERT_EQ(map(space, VA + 4 * PAGE_SIZE, 2, READ_WRITE), STATUS_OK);
    State before = state(space);
    EXPECT_EQ(protect(space, VA, 3, RIGHT_READ), STATUS_NO_MEMORY) << "a guard";
    EXPECT_EQ(protect(space, VA + 3 * PAGE_SIZE, 2, RIGHT_READ), STATUS_NO_MEMORY) << "a gap";
    EXPECT_EQ(protect(space, 0, 1, RIGHT_READ), STATUS_NO_MEMORY) << "the null guard";
    EXPECT_TRUE(state(space) == before);
}

TEST_F(UserAreaTest, AGuardIsNeverMappedAndCanBeNamed) {
    ASSERT_EQ(guard(space, VA, 2, "guard of the stack"), STATUS_OK);
    EXPECT_FALSE(can_read(VA));
    vm_area area;
    ASSERT_TRUE(space_find_area(space, virt_addr(VA + PAGE_SIZE + 5), &area));
    EXPECT_EQ(area.kind, AREA_GUARD);
    EXPECT_STREQ(area.name, "guard of the stack");
    ASSERT_EQ(unmap(space, VA, 2), STATUS_OK);
    EXPECT_FALSE(space_find_area(space, virt_addr(VA), &area));
}

TEST_F(UserAreaTest, TheAreasBelowAndAboveAnAddressAreFound) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE, "low"), STATUS_OK);
    ASSERT_EQ(map(space, VA + 8 * PAGE_SIZE, 1, READ_WRITE, "high"), STATUS_OK);
    vm_area area;
    ASSERT_TRUE(space_find_area_below(space, virt_addr(VA + 4 * PAGE_SIZE), &area));
    EXPECT_STREQ(area.name, "low");
    ASSERT_TRUE(space_find_area_above(space, virt_addr(VA + 4 * PAGE_SIZE), &area));
    EXPECT_STREQ(area.name, "high");
    ASSERT_TRUE(space_find_area_above(space, virt_addr(VA + 10), &area));
    EXPECT_STREQ(area.name, "high") << "above an address inside of an area is the next one";
    EXPECT_FALSE(space_find_area_above(space, virt_addr(VA + 8 * PAGE_SIZE), &area));
    EXPECT_FALSE(space_find_area_above(space, virt_addr(VA + 9 * PAGE_SIZE), &area));
    EXPECT_TRUE(space_find_area_unlocked(space, virt_addr(VA), &area));
    EXPECT_FALSE(space_find_area_unlocked(space, virt_addr(VA + PAGE_SIZE), &area));
    EXPECT_FALSE(space_find_area_below(space, virt_addr(0), &area));
}

TEST_F(UserAreaTest, S60AGapIsFoundFromTheTopDownwards) {
    uint64_t va;
    ASSERT_EQ(find_gap(space, 16, PAGE_SIZE, &va), STATUS_OK);
    EXPECT_EQ(va, SPACE_MMAP_END - 16 * PAGE_SIZE);
    ASSERT_EQ(map(space, va, 16, READ_WRITE), STATUS_OK);
    ASSERT_EQ(find_gap(space, 1, level_size(1), &va), STATUS_OK);
    EXPECT_EQ(va, SPACE_MMAP_END - level_size(1));
    EXPECT_EQ(find_gap(space, USER_END >> PAGE_SHIFT, PAGE_SIZE, &va), STATUS_NO_MEMORY);
    EXPECT_EQ(find_gap(space, UINT64_MAX, PAGE_SIZE, &va), STATUS_NO_MEMORY);
}

TEST_F(UserAreaTest, MappingTakesNoFrameUntilAPageIsUsed) {
    uint64_t before = free_frames();
    ASSERT_EQ(map(space, 0x7ffffff000, 100, READ_WRITE, "big"), STATUS_OK);
    EXPECT_EQ(free_frames(), before);
    EXPECT_TRUE(can_write(0x7ffffff000));
    EXPECT_EQ(before - free_frames(), 1u + 3u)
        << "the page and its tables, of which the root is there";
}

TEST_F(UserAreaTest, WhatIsOnlyReadCostsTablesAlone) {
    ASSERT_EQ(map(space, VA, 4, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_read(VA));
    uint64_t before = free_frames();
    EXPECT_TRUE(can_read(VA + PAGE_SIZE));
    EXPECT_EQ(free_frames(), before);
    EXPECT_TRUE(can_write(VA + PAGE_SIZE));
    EXPECT_EQ(read_as_user(VA + PAGE_SIZE).value, 0x5a5au);
    EXPECT_EQ(read_as_user(VA).value, 0u) << "the page of zeroes has not been written to";
}

TEST_F(UserAreaTest, ThePageOfZeroesIsNeverMadeWritable) { // S2
    ASSERT_EQ(map(space, VA, 1, RIGHT_READ), STATUS_OK);
    EXPECT_TRUE(can_read(VA));
    ASSERT_EQ(protect(space, VA, 1, READ_WRITE), STATUS_OK);
    expect_sound();
    EXPECT_TRUE(can_write(VA));
    expect_sound();
}

TEST_F(UserAreaTest, RunningOutOfFramesForTheAreaItselfChangesNothing) {
    std::vector<vm_area *> fillers = fill_slabs();
    unsigned needed =
        expect_all_or_nothing(space, [&] { return map(space, VA, 1, READ_WRITE, "one"); });
    EXPECT_EQ(needed, 1u) << "a slab for the area";
    free_fillers(fillers);
}

TEST_F(UserAreaTest, RunningOutOfFramesWhileAPageIsFilledChangesNothing) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    unsigned needed = expect_all_or_nothing(
        space, [&] { return space_resolve_fault(space, virt_addr(VA), ACCESS_WRITE); });
    EXPECT_EQ(needed, 1u + 3u) << "its page, and tables";
}

TEST_F(UserAreaTest, RunningOutOfFramesWhileThePageOfZeroesIsReplacedChangesNothing) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_read(VA));
    unsigned needed = expect_all_or_nothing(
        space, [&] { return space_resolve_fault(space, virt_addr(VA), ACCESS_WRITE); });
    EXPECT_EQ(needed, 1u);
}

TEST_F(UserAreaTest, WhatIsPopulatedFaultsNoMore) {
    ASSERT_EQ(map(space, VA, 3, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, VA + 3 * PAGE_SIZE, 2, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 5), STATUS_OK);
    EXPECT_TRUE(cpu().write(VA + 2 * PAGE_SIZE, 1, Privilege::USER).succeeded());
    EXPECT_TRUE(cpu().read(VA + 4 * PAGE_SIZE, Privilege::USER).succeeded());
}

TEST_F(UserAreaTest, PopulatingEndsWhereThereIsNoMemoryOrNoRight) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, VA + PAGE_SIZE, 1, RIGHT_NONE), STATUS_OK);
    EXPECT_EQ(populate(space, VA, 2), STATUS_INVALID) << "man 2 madvise";
    EXPECT_TRUE(cpu().write(VA, 1, Privilege::USER).succeeded()) << "what was filled stays";
    EXPECT_EQ(populate(space, VA + 2 * PAGE_SIZE, 1), STATUS_NO_MEMORY);
    EXPECT_EQ(populate(space, USER_END, 1), STATUS_INVALID);
}

TEST_F(UserAreaTest, AFaultThatNoAreaAnswersForIsRefused) {
    ASSERT_EQ(map(space, VA, 1, RIGHT_READ), STATUS_OK);
    auto resolve = [&](uint64_t va, space_access_kind access) {
        return space_resolve_fault(space, virt_addr(va), access);
    };
    EXPECT_EQ(resolve(VA, ACCESS_WRITE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(resolve(VA, ACCESS_EXECUTE), STATUS_ACCESS_DENIED);
    EXPECT_EQ(resolve(VA + PAGE_SIZE, ACCESS_READ), STATUS_FAULT);
    EXPECT_EQ(resolve(8, ACCESS_READ), STATUS_FAULT) << "the null guard";
    EXPECT_EQ(resolve(USER_END, ACCESS_READ), STATUS_FAULT);
    EXPECT_EQ(resolve(DIRECT_MAP_BASE, ACCESS_READ), STATUS_FAULT);
    EXPECT_EQ(resolve(0x1234567890abcdef, ACCESS_READ), STATUS_FAULT);
}

TEST_F(UserAreaTest, AnAddressOutsideIsRefusedWhateverWasResolvedBefore) {
    ASSERT_EQ(map(space, VA, 1, RIGHT_READ | RIGHT_WRITE), STATUS_OK);
    status inside = space_resolve_fault(space, virt_addr(VA), ACCESS_WRITE);
    status outside = space_resolve_fault(space, virt_addr(USER_END), ACCESS_WRITE);
    EXPECT_EQ(inside, STATUS_OK);
    EXPECT_EQ(outside, STATUS_FAULT);
    uint64_t word = 1;
    inside = space_write_initial(space, virt_addr(VA), &word, sizeof word, nullptr);
    outside = space_write_initial(space, virt_addr(USER_END), &word, sizeof word, nullptr);
    EXPECT_EQ(inside, STATUS_OK);
    EXPECT_EQ(outside, STATUS_FAULT);
}

TEST_F(UserAreaTest, S59UnmappingReachesNothingOfTheNullGuard) {
    EXPECT_EQ(unmap(space, 0, 4), STATUS_OK);
    EXPECT_EQ(unmap(space, 0, NULL_GUARD_END >> PAGE_SHIFT), STATUS_OK);
    vm_area area;
    ASSERT_TRUE(space_find_area(space, virt_addr(0), &area));
    EXPECT_EQ(virt_range_last(area.range).value, NULL_GUARD_END - 1);
}

TEST_F(UserAreaTest, RunningOutOfFramesWhileUnmappingAHoleChangesNothing) {
    ASSERT_EQ(map(space, VA, 10, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_write(VA + 5 * PAGE_SIZE));
    std::vector<vm_area *> fillers = fill_slabs();
    unsigned needed =
        expect_all_or_nothing(space, [&] { return unmap(space, VA + 5 * PAGE_SIZE, 1); });
    EXPECT_EQ(needed, 1u) << "a slab for the area";
    free_fillers(fillers);
}

TEST_F(UserAreaTest, RunningOutOfFramesWhileProtectingAPartChangesNothing) {
    ASSERT_EQ(map(space, VA, 10, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(can_write(VA + 5 * PAGE_SIZE));
    std::vector<vm_area *> fillers = fill_slabs();
    unsigned needed = expect_all_or_nothing(
        space, [&] { return protect(space, VA + 5 * PAGE_SIZE, 1, RIGHT_READ); });
    EXPECT_EQ(needed, 1u) << "a slab for the areas";
    free_fillers(fillers);
}

TEST_F(UserAreaTest, RunningOutOfFramesWhileReservingAGuardChangesNothing) {
    std::vector<vm_area *> fillers = fill_slabs();
    expect_all_or_nothing(space, [&] { return guard(space, VA, 1, "guard"); });
    free_fillers(fillers);
}

TEST_F(UserAreaTest, UnmappingWholeAreasNeedsNoMemory) {
    ASSERT_EQ(map(space, VA, 10, READ_WRITE), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    {
        FrameDrought drought(0);
        EXPECT_EQ(unmap(space, VA - PAGE_SIZE, 12), STATUS_OK);
    }
    free_fillers(fillers);
}

TEST_F(UserAreaTest, ACpuThatSpeculatesAtEveryMomentKeepsNothingOfWhatIsGone) {
    pc().speculate_at_every_chance(VA, 40 * PAGE_SIZE);
    ASSERT_EQ(map(space, VA, 40, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 40), STATUS_OK);
    ASSERT_EQ(protect(space, VA + 3 * PAGE_SIZE, 35, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(protect(space, VA + 5 * PAGE_SIZE, 2, RIGHT_NONE), STATUS_OK);
    ASSERT_EQ(unmap(space, VA, 40), STATUS_OK);
}

} // namespace
