#include <gtest/gtest.h>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"
#include "mm/space/address_space.h"

namespace {

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t VA = SPACE_IMAGE_BASE;

/* A parent on CPU 0. Its child, once there is one, runs on CPU 1. */
class ForkTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        parent = create("parent");
        run(0, parent);
    }

    void TearDown() override {
        expect_sound();
        run(1, kernel_space());
        run(0, kernel_space());
        destroy(parent);
        if (child != nullptr) {
            destroy(child);
        }
        SpaceTest::TearDown();
    }

    void run(unsigned id, address_space *space) {
        pc().run_on(id);
        space_switch(space);
        pc().run_on(0);
    }

    void fork() {
        ASSERT_EQ(space_fork(parent, "child", &child), STATUS_OK);
        run(1, child);
    }

    bool parent_writes(uint64_t va, uint64_t value) {
        return write_as_user(va, value, 0).succeeded();
    }
    bool child_writes(uint64_t va, uint64_t value) {
        return write_as_user(va, value, 1).succeeded();
    }
    uint64_t parent_reads(uint64_t va) {
        return read_as_user(va, 0).value;
    }
    uint64_t child_reads(uint64_t va) {
        return read_as_user(va, 1).value;
    }

    address_space *parent = nullptr;
    address_space *child = nullptr;
};

TEST_F(ForkTest, AChildHasItsParentsMemory) {
    ASSERT_EQ(map(parent, VA, 3, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 7));
    fork();
    EXPECT_EQ(child_reads(VA), 7u);
    EXPECT_EQ(child_reads(VA + PAGE_SIZE), 0u);
    EXPECT_EQ(dump(child).find("memory") != std::string::npos, true);
}

TEST_F(ForkTest, WhatOneWritesTheOtherDoesNotSee) {
    ASSERT_EQ(map(parent, VA, 3, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    EXPECT_TRUE(parent_writes(VA + PAGE_SIZE, 2));
    fork();
    EXPECT_TRUE(child_writes(VA, 11));
    EXPECT_TRUE(parent_writes(VA + PAGE_SIZE, 22));
    EXPECT_TRUE(parent_writes(VA + 2 * PAGE_SIZE, 33)) << "nobody had used this page yet";
    EXPECT_EQ(parent_reads(VA), 1u);
    EXPECT_EQ(child_reads(VA), 11u);
    EXPECT_EQ(parent_reads(VA + PAGE_SIZE), 22u);
    EXPECT_EQ(child_reads(VA + PAGE_SIZE), 2u);
    EXPECT_EQ(child_reads(VA + 2 * PAGE_SIZE), 0u);
}

TEST_F(ForkTest, ACopyHasAllThatWasInThePage) {
    constexpr uint64_t last_word = VA + PAGE_SIZE - 8;
    ASSERT_EQ(map(parent, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    EXPECT_TRUE(parent_writes(last_word, 2));
    fork();
    EXPECT_TRUE(child_writes(VA + 8, 3));
    EXPECT_EQ(child_reads(VA), 1u);
    EXPECT_EQ(child_reads(last_word), 2u);
    EXPECT_EQ(parent_reads(VA + 8), 0u);
}

TEST_F(ForkTest, TheLastOwnerOfAPageWritesToItInPlace) {
    ASSERT_EQ(map(parent, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    fork();
    EXPECT_TRUE(child_writes(VA, 2));
    FrameDrought drought(0);
    EXPECT_TRUE(parent_writes(VA, 3)) << "the child has a copy, so the page is the parent's alone";
}

TEST_F(ForkTest, AParentWhoseChildHasGoneCopiesNothing) {
    ASSERT_EQ(map(parent, VA, 4, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    ASSERT_EQ(space_fork(parent, "child", &child), STATUS_OK);
    destroy(child);
    child = nullptr;
    FrameDrought drought(0);
    EXPECT_TRUE(parent_writes(VA, 2));
}

TEST_F(ForkTest, AChildOutlivesItsParentAndHasChildrenOfItsOwn) {
    ASSERT_EQ(map(parent, VA, 2, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 5));
    fork();
    address_space *grandchild;
    ASSERT_EQ(space_fork(child, "grandchild", &grandchild), STATUS_OK);
    run(0, grandchild);
    destroy(parent);
    EXPECT_TRUE(write_as_user(VA, 6, 0).succeeded());
    EXPECT_EQ(child_reads(VA), 5u);
    run(0, kernel_space());
    run(1, kernel_space());
    destroy(child);
    child = nullptr;
    parent = grandchild;
    run(0, parent);
    EXPECT_EQ(parent_reads(VA), 6u);
}

TEST_F(ForkTest, TheCostGrowsWithTablesAndNotWithPages) {
    ASSERT_EQ(map(parent, 0x40000000, 1024, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(parent, 0x40000000, 1024), STATUS_OK);
    heap_drain();
    uint64_t before = free_frames();
    fork();
    EXPECT_LE(before - free_frames(), 6u) << "a root, two tables and what the heap took";
}

TEST_F(ForkTest, RightsThatWereTakenAwayBeforeTheForkAreNotGivenByIt) {
    ASSERT_EQ(map(parent, VA, 2, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    ASSERT_EQ(protect(parent, VA, 1, RIGHT_READ), STATUS_OK);
    fork();
    EXPECT_FALSE(child_writes(VA, 2));
    EXPECT_FALSE(parent_writes(VA, 2));
    ASSERT_EQ(protect(child, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(child_writes(VA, 2));
    EXPECT_EQ(parent_reads(VA), 1u);
}

TEST_F(ForkTest, TheKernelWritesToACopyToo) { // law 11: Dirty COW
    ASSERT_EQ(map(parent, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    fork();
    uint64_t value = 9;
    EXPECT_EQ(space_write(child, virt_addr(VA), &value, sizeof value, nullptr), STATUS_OK);
    EXPECT_EQ(parent_reads(VA), 1u);
    EXPECT_EQ(child_reads(VA), 9u);
}

TEST_F(ForkTest, WhatIsLoadedAfterAForkIsLoadedIntoACopy) {
    ASSERT_EQ(map(parent, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    fork();
    uint64_t value = 9;
    EXPECT_EQ(space_write_initial(child, virt_addr(VA), &value, sizeof value, nullptr), STATUS_OK);
    EXPECT_EQ(parent_reads(VA), 1u);
    EXPECT_EQ(child_reads(VA), 9u);
}

TEST_F(ForkTest, UnmappingInOneLeavesTheOther) {
    ASSERT_EQ(map(parent, VA, 600, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(parent, VA, 600), STATUS_OK);
    fork();
    ASSERT_EQ(unmap(parent, VA, 600), STATUS_OK);
    EXPECT_TRUE(child_writes(VA + 599 * PAGE_SIZE, 1));
    EXPECT_FALSE(parent_writes(VA, 1));
}

TEST_F(ForkTest, RunningOutOfFramesAtAnyPointChangesNothing) {
    ASSERT_EQ(map(parent, VA, 2, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    expect_all_or_nothing(parent, [&] { return space_fork(parent, "child", &child); });
}

TEST_F(ForkTest, RunningOutOfFramesForAreasChangesNothing) {
    ASSERT_EQ(map(parent, VA, 1, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(parent, VA + 2 * PAGE_SIZE, 1, READ_WRITE), STATUS_OK);
    std::vector<vm_area *> fillers = fill_slabs();
    expect_all_or_nothing(parent, [&] { return space_fork(parent, "child", &child); });
    free_fillers(fillers);
    EXPECT_EQ(dump(child), dump(parent));
}

TEST_F(ForkTest, RunningOutOfFramesWhileAPageIsCopiedChangesNothingThatCanBeSeen) {
    ASSERT_EQ(map(parent, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(parent_writes(VA, 1));
    fork();
    {
        FrameDrought drought(1); /* for the table, not for the page */
        EXPECT_FALSE(child_writes(VA, 2));
    }
    EXPECT_EQ(child_reads(VA), 1u);
    EXPECT_TRUE(child_writes(VA, 2));
    EXPECT_EQ(parent_reads(VA), 1u);
}

TEST_F(ForkTest, CpusThatSpeculateAtEveryMomentSeeNothingOfTheOthers) {
    ASSERT_EQ(map(parent, VA, 8, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(parent, VA, 8), STATUS_OK);
    pc().speculate_at_every_chance(VA, 8 * PAGE_SIZE);
    fork();
    for (uint64_t i = 0; i < 8; i++) {
        EXPECT_TRUE(child_writes(VA + i * PAGE_SIZE, 100 + i));
        EXPECT_TRUE(parent_writes(VA + i * PAGE_SIZE, 200 + i));
        EXPECT_EQ(child_reads(VA + i * PAGE_SIZE), 100 + i);
    }
}

} // namespace
