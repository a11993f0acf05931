#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include "host_tests/space/process_test.h"

/* Files that become shorter or get holes while areas show them: man 2 ftruncate, man 2 fallocate.
 */

namespace {

using ObjectCutTest = ProcessTest;

/* Looks at a file before all others, and acts when pages are about to be hidden: what another
 * thread may do between two spaces that a cut comes by. */
class Interloper {
  public:
    Interloper(TestFile &file, std::function<void()> action)
        : views_(memory_object_views(file.object())), action_(std::move(action)) {
        view_.operations = &operations;
        view_.holder = this;
        object_views_add(views_, &view_);
    }
    ~Interloper() {
        object_views_remove(views_, &view_);
    }
    Interloper(const Interloper &) = delete;
    Interloper &operator=(const Interloper &) = delete;

  private:
    static status carry_out(void *holder, const object_cut *cut) {
        EXPECT_NE(object_views_next(cut, holder), nullptr);
        if (cut->phase == CUT_HIDES) {
            static_cast<Interloper *>(holder)->action_();
        }
        return STATUS_OK;
    }
    static constexpr object_view_operations operations = {[](void *) {}, carry_out};

    object_views *views_;
    object_view view_ = {};
    std::function<void()> action_;
};

TEST_F(ObjectCutTest, WhatIsCutOffAFileIsGoneFromEverySpaceThatShowsIt) {
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    for (uint64_t i = 0; i < 4; i++) {
        EXPECT_TRUE(write(i, i));
    }
    fork();
    EXPECT_TRUE(write(1, 21, 1)) << "so that its table is the child's own";
    ASSERT_EQ(file.resize(PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(file.object()), 1u);
    EXPECT_FALSE(can_read(1) || can_read(3) || can_read(1, 1) || can_read(3, 1));
    EXPECT_EQ(fault(1, ACCESS_READ), STATUS_BUS);
    EXPECT_EQ(read(0, 1), 0u);
    ASSERT_EQ(file.resize(4 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(read(1), 0u) << "zeroes, though it was written to";
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 4), STATUS_OK);
}

TEST_F(ObjectCutTest, CuttingReachesATableThatAForkShares) { // law 12
    TestFile file(600);
    ASSERT_EQ(map_shared(file, 0, 600), STATUS_OK);
    for (uint64_t i : {0, 1, 511, 512, 599}) {
        EXPECT_TRUE(write(i, i + 1));
    }
    fork();
    ASSERT_EQ(file.resize(PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(read(0, 1), 1u);
    EXPECT_FALSE(can_read(511, 1) || can_read(512, 1) || can_read(599) || can_read(1));
    expect_sound();
    ASSERT_EQ(unmap(parent, VA, 600), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 600), STATUS_OK);
}

TEST_F(ObjectCutTest, PrivateCopiesBehindTheEndGoToo) {
    TestFile file(3);
    ASSERT_EQ(map_private(file, 0, 3), STATUS_OK);
    EXPECT_TRUE(write(0, 7));
    EXPECT_TRUE(write(2, 9));
    fork();
    ASSERT_EQ(file.resize(PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(read(0), 7u) << "the copy of a page that stays";
    EXPECT_EQ(read(0, 1), 7u);
    EXPECT_EQ(fault(2, ACCESS_WRITE), STATUS_BUS);
    EXPECT_FALSE(can_read(2, 1));
    ASSERT_EQ(unmap(parent, VA, 3), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 3), STATUS_OK);
}

TEST_F(ObjectCutTest, PrivateCopiesOutliveAHoleInTheFile) {
    TestFile file(5);
    ASSERT_EQ(map_private(file, 0, 5), STATUS_OK);
    EXPECT_TRUE(write(2, 9));
    EXPECT_EQ(read(1), 0x1001u);
    EXPECT_EQ(read(3), 0x1003u);
    ASSERT_EQ(file.punch(1, 3), STATUS_OK);
    EXPECT_EQ(memory_object_page_count(file.object()), 2u);
    EXPECT_EQ(read(1), 0u);
    EXPECT_EQ(read(2), 9u);
    EXPECT_EQ(read(3), 0u);
    EXPECT_EQ(read(4), 0x1004u);
    ASSERT_EQ(unmap(parent, VA, 5), STATUS_OK);
}

TEST_F(ObjectCutTest, AHoleReachesAllPagesInARowThatWereOnlyRead) {
    TestFile file(4);
    ASSERT_EQ(map_private(file, 0, 4), STATUS_OK);
    for (uint64_t i = 0; i < 4; i++) {
        EXPECT_EQ(read(i), 0x1000 + i);
    }
    ASSERT_EQ(file.punch(1, 2), STATUS_OK);
    EXPECT_EQ(read(0), 0x1000u);
    EXPECT_EQ(read(1), 0u);
    EXPECT_EQ(read(2), 0u);
    EXPECT_EQ(read(3), 0x1003u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectCutTest, WhatWasWrittenBehindTheEndIsTheFilesAsItGrowsQuirk) {
    TestFile file(1);
    ASSERT_EQ(file.resize(PAGE_SIZE / 4), STATUS_OK);
    ASSERT_EQ(map_shared(file, 0, 1), STATUS_OK);
    EXPECT_TRUE(write_as_user(VA + PAGE_SIZE / 2, 7).succeeded());
    ASSERT_EQ(file.resize(PAGE_SIZE / 2), STATUS_OK);
    EXPECT_EQ(read_as_user(VA + PAGE_SIZE / 2).value, 7u);
    ASSERT_EQ(unmap(parent, VA, 1), STATUS_OK);
}

TEST_F(ObjectCutTest, CuttingReachesThePartsOfAnAreaThatWasSplitAndMoved) {
    TestFile file(6);
    ASSERT_EQ(map_shared(file, 0, 6), STATUS_OK);
    EXPECT_TRUE(write(1, 1) && write(5, 5));
    ASSERT_EQ(protect(parent, page_at(2), 2, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(remap({.old = range(4, 2),
                     .new_page_count = 2,
                     .may_move = true,
                     .is_fixed = true,
                     .new_start = virt_addr(page_at(20))}),
              STATUS_OK);
    EXPECT_EQ(read(21), 5u);
    ASSERT_EQ(file.resize(0), STATUS_OK);
    EXPECT_FALSE(can_read(1) || can_read(21));
    EXPECT_EQ(memory_object_page_count(file.object()), 0u);
    ASSERT_EQ(unmap(parent, VA, 30), STATUS_OK);
}

TEST_F(ObjectCutTest, CpusThatSpeculateAtEveryMomentKeepNothingOfWhatIsCut) {
    TestFile file(8);
    ASSERT_EQ(map_shared(file, 0, 8), STATUS_OK);
    pc().speculate_at_every_chance(VA, 8 * PAGE_SIZE);
    for (uint64_t i = 0; i < 8; i++) {
        EXPECT_TRUE(write(i, i));
    }
    fork();
    ASSERT_EQ(file.resize(3 * PAGE_SIZE), STATUS_OK);
    ASSERT_EQ(unmap(parent, VA, 8), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 8), STATUS_OK);
}

TEST_F(ObjectCutTest, ACutLeavesTheSpaceItPassesBy) {
    TestFile file(2);
    ASSERT_EQ(map_shared(file, 0, 2), STATUS_OK);
    EXPECT_TRUE(write(1, 1));
    ASSERT_EQ(file.resize(0), STATUS_OK);
    address_space *other = create("other");
    EXPECT_NE(other, parent) << "its memory is still its own";
    destroy(other);
    ASSERT_EQ(unmap(parent, VA, 2), STATUS_OK);
}

TEST_F(ObjectCutTest, ACutReachesAnAreaThatIsSplitWhileItIsOnItsWay) {
    TestFile file(4);
    Interloper other(file,
                     [&] { EXPECT_EQ(protect(parent, page_at(2), 2, RIGHT_READ), STATUS_OK); });
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    EXPECT_TRUE(write(1, 1) && write(3, 3));
    ASSERT_EQ(file.resize(PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 2+2");
    EXPECT_FALSE(can_read(1) || can_read(3));
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectCutTest, ACutReachesAnAreaThatIsJoinedToANewOneWhileItIsOnItsWay) {
    TestFile file(4);
    Interloper other(file, [&] { EXPECT_EQ(map_shared(file, 0, 2), STATUS_OK); });
    ASSERT_EQ(map_shared(file, 2, 2, READ_WRITE, 2), STATUS_OK);
    EXPECT_TRUE(write(3, 3));
    ASSERT_EQ(file.resize(PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(areas(), "0+4");
    EXPECT_FALSE(can_read(3));
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectCutTest, WithoutMemoryToUnshareATableNothingIsCut) { // law 2
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    EXPECT_TRUE(write(3, 3));
    fork();
    {
        FrameDrought drought(0);
        EXPECT_EQ(file.resize(PAGE_SIZE), STATUS_NO_MEMORY);
        EXPECT_EQ(file.punch(2, 2), STATUS_NO_MEMORY);
    }
    EXPECT_EQ(memory_object_size(file.object()), 4 * PAGE_SIZE);
    EXPECT_EQ(read(3), 3u);
    ASSERT_EQ(file.resize(PAGE_SIZE), STATUS_OK);
    EXPECT_FALSE(can_read(3, 1));
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 4), STATUS_OK);
}

TEST_F(ObjectCutTest, WhoCanPrepareLosesNothingWhereAnotherCannot) { // law 2
    TestFile file(4);
    ASSERT_EQ(map_private(file, 0, 4), STATUS_OK);
    ASSERT_EQ(map_shared(file, 512, 4), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(512, 2));
    fork();
    EXPECT_TRUE(write(3, 9)) << "so that its table is the parent's own";
    {
        FrameDrought drought(0);
        EXPECT_EQ(file.resize(PAGE_SIZE), STATUS_NO_MEMORY);
    }
    EXPECT_EQ(read(3), 9u);
    ASSERT_EQ(unmap(parent, VA, 516), STATUS_OK);
    ASSERT_EQ(unmap(child, VA, 516), STATUS_OK);
}

TEST_F(ObjectCutTest, WhoIsLastToPrepareDoesNotDecideForAll) { // law 2
    TestFile file(4);
    ASSERT_EQ(map_shared(file, 0, 4), STATUS_OK);
    ASSERT_EQ(map_shared(file, 512, 4), STATUS_OK);
    EXPECT_TRUE(write(3, 1) && write(515, 2));
    fork();
    EXPECT_TRUE(write(515, 9)) << "so that its table is the parent's own";
    ASSERT_EQ(unmap(child, VA, 516), STATUS_OK);
    address_space *other = nullptr;
    ASSERT_EQ(space_fork(parent, "other", &other), STATUS_OK);
    EXPECT_TRUE(write(515, 9));
    ASSERT_EQ(unmap(other, page_at(512), 4), STATUS_OK);
    {
        FrameDrought drought(0);
        EXPECT_EQ(file.resize(PAGE_SIZE), STATUS_NO_MEMORY);
    }
    EXPECT_EQ(memory_object_size(file.object()), 4 * PAGE_SIZE);
    ASSERT_EQ(unmap(other, VA, 516), STATUS_OK);
    destroy(other);
    ASSERT_EQ(unmap(parent, VA, 516), STATUS_OK);
}

TEST_F(ObjectCutTest, ACutReachesTheAreasPagesAlone) {
    TestFile file(6);
    ASSERT_EQ(map_memory(0, 2), STATUS_OK);
    ASSERT_EQ(map_shared(file, 2, 3, READ_WRITE, 2), STATUS_OK);
    ASSERT_EQ(map_memory(5, 1), STATUS_OK);
    EXPECT_TRUE(write(0, 1) && write(1, 2) && write(2, 3) && write(3, 4) && write(4, 5));
    EXPECT_TRUE(write(5, 6));
    ASSERT_EQ(file.punch(3, 1), STATUS_OK);
    EXPECT_EQ(usage().resident_file, 2u) << "the pages around the hole are still shown";
    ASSERT_EQ(file.punch(0, 1), STATUS_OK);
    ASSERT_EQ(file.punch(5, 1), STATUS_OK);
    EXPECT_EQ(usage().resident_file, 2u) << "holes that it does not show";
    ASSERT_EQ(file.resize(0), STATUS_OK);
    EXPECT_EQ(usage().resident_file, 0u);
    EXPECT_EQ(read(0), 1u);
    EXPECT_EQ(read(1), 2u);
    EXPECT_EQ(read(5), 6u);
    ASSERT_EQ(unmap(parent, VA, 6), STATUS_OK);
}

TEST_F(ObjectCutTest, AHoleMayEndWithACopy) {
    TestFile file(4);
    ASSERT_EQ(map_private(file, 0, 4), STATUS_OK);
    EXPECT_EQ(read(1), 0x1001u);
    EXPECT_TRUE(write(2, 9));
    ASSERT_EQ(file.punch(1, 2), STATUS_OK);
    EXPECT_EQ(read(1), 0u);
    EXPECT_EQ(read(2), 9u);
    ASSERT_EQ(unmap(parent, VA, 4), STATUS_OK);
}

TEST_F(ObjectCutTest, WithoutMemoryForAPageOrACopyTheFaultSaysSo) {
    TestFile file(1);
    ASSERT_EQ(file.resize(8 * PAGE_SIZE), STATUS_OK);
    ASSERT_EQ(map_shared(file, 0, 8), STATUS_OK);
    ASSERT_EQ(map_private(file, 8, 8), STATUS_OK);
    {
        FrameDrought drought(0);
        EXPECT_EQ(fault(0, ACCESS_READ), STATUS_NO_MEMORY) << "it takes a table";
    }
    EXPECT_TRUE(can_read(0) && can_read(8));
    {
        FrameDrought drought(0);
        EXPECT_EQ(fault(1, ACCESS_READ), STATUS_NO_MEMORY);
        EXPECT_EQ(fault(9, ACCESS_WRITE), STATUS_NO_MEMORY);
        EXPECT_EQ(fault(8, ACCESS_WRITE), STATUS_NO_MEMORY);
    }
    {
        FrameDrought drought(1);
        EXPECT_EQ(fault(9, ACCESS_WRITE), STATUS_NO_MEMORY) << "the file's, and none to copy it to";
    }
    EXPECT_EQ(read(9), 0u);
    ASSERT_EQ(unmap(parent, VA, 16), STATUS_OK);
}

TEST_F(ObjectCutTest, WhatIsReadOrSharedBehindTheEndIsNoCopy) {
    TestFile file(1);
    for (bool is_shared : {false, true}) {
        auto map_page = [&](uint64_t index) {
            return map_with(index, 1,
                            {.rights = READ_WRITE,
                             .source = file.source(),
                             .source_page = index + 1,
                             .is_shared = is_shared,
                             .name = "file"});
        };
        ASSERT_EQ(map_page(0), STATUS_OK);
        ASSERT_EQ(map_page(2), STATUS_OK);
        space_access_kind access = is_shared ? ACCESS_WRITE : ACCESS_READ;
        EXPECT_EQ(fault(0, access), STATUS_BUS);
        EXPECT_EQ(fault(2, access), STATUS_BUS);
        ASSERT_EQ(map_page(1), STATUS_OK);
        EXPECT_EQ(areas(), "0+3");
        ASSERT_EQ(unmap(parent, VA, 3), STATUS_OK);
    }
}

TEST_F(ObjectCutTest, AreasThatWereWrittenToApartBehindTheEndStayApart) { // as on Linux
    TestFile file(1);
    ASSERT_EQ(map_private(file, 0, 1, READ_WRITE, 1), STATUS_OK);
    ASSERT_EQ(map_private(file, 2, 1, READ_WRITE, 3), STATUS_OK);
    EXPECT_EQ(fault(0, ACCESS_WRITE), STATUS_BUS);
    EXPECT_EQ(fault(2, ACCESS_WRITE), STATUS_BUS);
    ASSERT_EQ(map_private(file, 1, 1, READ_WRITE, 2), STATUS_OK);
    EXPECT_EQ(areas(), "0+2 2+1");
    ASSERT_EQ(unmap(parent, VA, 3), STATUS_OK);
}

} // namespace
