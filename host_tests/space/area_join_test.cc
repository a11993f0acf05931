#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"

/* Which areas are one. */

namespace {

class AreaJoinTest : public ProcessTest {
  protected:
    uint64_t copies_id(uint64_t index) {
        vm_area area = {};
        EXPECT_TRUE(space_find_area(parent, virt_addr(page_at(index)), &area));
        return area.copies_id;
    }
};

/* How areas join: what was apart when it was first written to stays apart, as on Linux. */

TEST_F(AreaJoinTest, AreasThatWereWrittenToApartStayApart) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(2, 1));
    ASSERT_EQ(map_memory(1, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 2+1");
}

TEST_F(AreaJoinTest, SoDoThoseThatWereReadBefore) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(2, 1), STATUS_OK);
    EXPECT_TRUE(can_read(0) && write(0, 1) && can_read(2) && write(2, 1));
    ASSERT_EQ(map_memory(1, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 2+1");
}

TEST_F(AreaJoinTest, NeighboursThatDifferedInRightsAloneJoin) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(1, 1, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 1));
    ASSERT_EQ(protect(parent, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+2");
}

TEST_F(AreaJoinTest, SoTheyDoWhereTheUpperIsWrittenToFirst) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(1, 1, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_TRUE(write(1, 1) && write(0, 1));
    ASSERT_EQ(protect(parent, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+2");
}

TEST_F(AreaJoinTest, NewMemoryDoesNotJoinPagesFromBeforeAFork) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    fork();
    ASSERT_EQ(map(child, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(child), "0+1 1+1");
    ASSERT_EQ(map(parent, page_at(1), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+2");
}

TEST_F(AreaJoinTest, NorDoesItBelowThem) {
    ASSERT_EQ(map_memory(1, 1), STATUS_OK);
    EXPECT_TRUE(write(1, 1));
    fork();
    ASSERT_EQ(map(child, page_at(0), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(child), "0+1 1+1");
    ASSERT_EQ(map(parent, page_at(0), 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+2") << "below pages of its own it does";
    EXPECT_NE(copies_id(0), 0u);
}

TEST_F(AreaJoinTest, WhatIsWrittenToFirstNumbersThePagesOfItsNeighbours) {
    constexpr uint8_t all = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE;
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(1, 1, all), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    uint64_t first = copies_id(0);
    EXPECT_NE(first, 0u) << "though the next one has none";
    EXPECT_TRUE(write(1, 1));
    EXPECT_EQ(copies_id(1), first);
    ASSERT_EQ(map_memory(4, 1), STATUS_OK);
    ASSERT_EQ(map_memory(5, 1, all), STATUS_OK);
    EXPECT_TRUE(write(5, 1));
    uint64_t second = copies_id(5);
    EXPECT_TRUE(second != 0 && second != first) << "though the one before has none";
    EXPECT_TRUE(write(4, 1));
    EXPECT_EQ(copies_id(4), second);
    ASSERT_EQ(map_memory(9, 1), STATUS_OK);
    ASSERT_EQ(map_memory(7, 1), STATUS_OK);
    EXPECT_TRUE(write(9, 1) && write(7, 1));
    EXPECT_NE(copies_id(7), copies_id(9)) << "no neighbours";
}

TEST_F(AreaJoinTest, AChildDoesNotNumberItsPagesAsThoseFromBefore) {
    vm_area before, after;
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(1, 1, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    fork();
    EXPECT_TRUE(write(1, 1, 1));
    ASSERT_TRUE(space_find_area(child, virt_addr(page_at(0)), &before));
    ASSERT_TRUE(space_find_area(child, virt_addr(page_at(1)), &after));
    EXPECT_NE(after.copies_id, before.copies_id);
}

TEST_F(AreaJoinTest, WhatWasOneAreaIsOneAgain) {
    ASSERT_EQ(map_memory(0, 4), STATUS_OK);
    EXPECT_TRUE(write(0, 1));
    ASSERT_EQ(unmap(parent, page_at(1), 1), STATUS_OK);
    EXPECT_TRUE(write(2, 1) && write(3, 1));
    ASSERT_EQ(map_memory(1, 1), STATUS_OK);
    EXPECT_EQ(areas(), "0+4");
}

TEST_F(AreaJoinTest, WhatDiffersInOneRespectStaysApart) {
    TestFile file(8);
    auto map_page = [&](uint64_t index, space_mapping mapping) {
        mapping.source_page = mapping.source == nullptr ? 0 : index;
        mapping.name = "same";
        EXPECT_EQ(map_with(index, 1, mapping), STATUS_OK);
    };
    map_page(0, {.rights = RIGHT_READ, .source = file.source()});
    map_page(1, {.rights = RIGHT_READ, .source = file.source(), .is_shared = true});
    map_page(2, {.rights = RIGHT_READ,
                 .rights_max = RIGHT_READ,
                 .source = file.source(),
                 .is_shared = true});
    EXPECT_EQ(areas(), "0+1 1+1 2+1");
    map_page(10, {.rights = RIGHT_READ});
    map_page(11, {.rights = RIGHT_READ, .is_unreserved = true});
    map_page(1000, {.rights = RIGHT_READ, .grows_down = true, .is_unreserved = true});
    map_page(1001, {.rights = RIGHT_READ, .is_unreserved = true});
    EXPECT_EQ(areas(), "0+1 1+1 2+1 10+1 11+1 1000+1 1001+1");
    ASSERT_EQ(unmap(parent, VA, 3), STATUS_OK);
}

TEST_F(AreaJoinTest, WhatWasAskedForTellsAreasApart) {
    ASSERT_EQ(map_memory(0, 1), STATUS_OK);
    ASSERT_EQ(map_memory(1, 1, RIGHT_WRITE), STATUS_OK);
    EXPECT_EQ(areas(), "0+1 1+1");
}

TEST_F(AreaJoinTest, AreasAreCountedAndLimited) {
    for (uint64_t i = usage().area_count; i < AREA_COUNT_MAX; i++) {
        ASSERT_EQ(map_memory(2 * i, 1, i % 2 == 0 ? READ_WRITE : RIGHT_READ), STATUS_OK);
    }
    EXPECT_EQ(map_memory(0, 1), STATUS_NO_MEMORY);
    const space_mapping over = {.rights = READ_WRITE, .replaces = true, .name = "over"};
    EXPECT_EQ(map_with(2000, 1, over), STATUS_OK) << "one for another";
    EXPECT_EQ(map(parent, page_at(400000), 3, READ_WRITE), STATUS_NO_MEMORY);
    ASSERT_EQ(unmap(parent, page_at(2), 1), STATUS_OK);
    ASSERT_EQ(map(parent, page_at(400000), 3, READ_WRITE), STATUS_OK);
    EXPECT_EQ(unmap(parent, page_at(400001), 1), STATUS_NO_MEMORY) << "a hole makes two of one";
    EXPECT_EQ(protect(parent, page_at(400000), 1, RIGHT_READ), STATUS_NO_MEMORY);
    EXPECT_EQ(unmap(parent, page_at(400000), 1), STATUS_OK);
    EXPECT_EQ(unmap(parent, page_at(400002), 1), STATUS_OK) << "nor does the other end";
    ASSERT_EQ(unmap(parent, page_at(400001), 1), STATUS_OK);
    ASSERT_EQ(map(parent, page_at(400001), 2, READ_WRITE), STATUS_OK);
    EXPECT_EQ(set_policy(400001, 1, FORK_LEAVES_OUT), STATUS_NO_MEMORY);
    ASSERT_EQ(unmap(parent, page_at(4), 1), STATUS_OK);
    EXPECT_EQ(set_policy(400001, 1, FORK_LEAVES_OUT), STATUS_OK) << "the last one";
    ASSERT_EQ(unmap(parent, page_at(5), 10), STATUS_OK);
    const struct space_remap as_it_is = {.old = range(20, 1), .new_page_count = 1};
    EXPECT_EQ(remap(as_it_is), STATUS_NO_MEMORY) << "Linux wants more than five to be left";
    ASSERT_EQ(unmap(parent, page_at(16), 1), STATUS_OK);
    EXPECT_EQ(remap(as_it_is), STATUS_OK);
    ASSERT_EQ(unmap(parent, VA, 400003), STATUS_OK);
}

} // namespace
