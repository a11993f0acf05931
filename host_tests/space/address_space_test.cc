#include "mm/space/address_space.h"

#include <gtest/gtest.h>

#include <thread>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/space/area.h"

namespace {

using machine::Privilege;

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t VA = SPACE_IMAGE_BASE;

class AddressSpaceTest : public SpaceTest {
  protected:
    uint64_t read(uint64_t va, unsigned on = 0) {
        machine::Outcome outcome = read_as_user(va, on);
        EXPECT_TRUE(outcome.succeeded());
        return outcome.value;
    }

    bool can_read(uint64_t va, unsigned on = 0) {
        return read_as_user(va, on).succeeded();
    }

    bool can_write(uint64_t va, uint64_t value, unsigned on = 0) {
        return write_as_user(va, value, on).succeeded();
    }

    static std::vector<std::string> names() {
        std::vector<std::string> found;
        space_for_each(
            [](void *context, address_space *space) {
                static_cast<std::vector<std::string> *>(context)->push_back(space_name(space));
            },
            &found);
        return found;
    }
};

TEST_F(AddressSpaceTest, S52ANewSpaceHasAnEmptyLowerHalfAndTheKernelsUpperHalf) {
    address_space *space = create();
    space_switch(space);
    EXPECT_FALSE(can_read(VA));
    EXPECT_TRUE(cpu().read(DIRECT_MAP_BASE + 0x100000).succeeded());
    EXPECT_TRUE(cpu().execute(KERNEL_IMAGE_BASE).succeeded());
    space_switch(kernel_space());
    destroy(space);
}

TEST_F(AddressSpaceTest, S59TheNullGuardIsThereFromTheStartAndIsNeverMapped) {
    address_space *space = create();
    vm_area area;
    ASSERT_TRUE(space_find_area(space, virt_addr(0), &area));
    EXPECT_EQ(area.kind, AREA_GUARD);
    EXPECT_STREQ(area.name, "null guard");
    EXPECT_EQ(map(space, 0, 1, READ_WRITE), STATUS_EXISTS);
    EXPECT_EQ(map(space, NULL_GUARD_END - PAGE_SIZE, 1, READ_WRITE), STATUS_EXISTS);
    EXPECT_EQ(unmap(space, 0, 1000), STATUS_OK) << "which does not remove it";
    EXPECT_EQ(map(space, 0, 1, READ_WRITE), STATUS_EXISTS);
    EXPECT_EQ(map(space, NULL_GUARD_END, 1, READ_WRITE), STATUS_OK);
    destroy(space);
}

TEST_F(AddressSpaceTest, S57TheSameAddressIsDifferentMemoryInTwoSpaces) {
    address_space *one = create("one");
    address_space *two = create("two");
    ASSERT_EQ(map(one, VA, 1, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(two, VA, 1, READ_WRITE), STATUS_OK);
    space_switch(one);
    EXPECT_TRUE(can_write(VA, 111));
    space_switch(two);
    EXPECT_EQ(read(VA), 0u);
    EXPECT_TRUE(can_write(VA, 222));
    space_switch(one);
    EXPECT_EQ(read(VA), 111u);
    translation in_one;
    translation in_two;
    EXPECT_EQ(space_translate(one, virt_addr(VA), &in_one), STATUS_OK);
    EXPECT_EQ(space_translate(two, virt_addr(VA), &in_two), STATUS_OK);
    EXPECT_NE(in_one.pa.value, in_two.pa.value);
    space_switch(kernel_space());
    destroy(one);
    destroy(two);
}

TEST_F(AddressSpaceTest, S57AChangeOfOneSpaceIsMadeWhileAnotherIsCurrent) {
    address_space *one = create("one");
    address_space *two = create("two");
    space_switch(one);
    ASSERT_EQ(map(two, VA, 1, READ_WRITE), STATUS_OK); /* S22, S56: any space can be edited */
    EXPECT_FALSE(can_read(VA));
    space_switch(two);
    EXPECT_TRUE(can_read(VA));
    space_switch(kernel_space());
    destroy(one);
    destroy(two);
}

TEST_F(AddressSpaceTest, S55SwitchingReturnsTheSpaceBefore) {
    address_space *one = create("one");
    address_space *two = create("two");
    EXPECT_EQ(space_switch(one), kernel_space());
    EXPECT_EQ(space_switch(two), one);
    EXPECT_EQ(space_current(), two);
    EXPECT_EQ(space_switch(kernel_space()), two);
    EXPECT_EQ(space_current(), kernel_space());
    destroy(one);
    destroy(two);
}

TEST_F(AddressSpaceTest, S55SwitchingToTheCurrentSpaceForgetsNothing) {
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    space_switch(space);
    read(VA);
    size_t cached = cpu().cached_count();
    space_switch(space);
    EXPECT_EQ(cpu().cached_count(), cached);
    space_switch(kernel_space());
    destroy(space);
}

TEST_F(AddressSpaceTest, EachCpuHasACurrentSpaceOfItsOwn) {
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    pc().run_on(1);
    space_switch(space);
    EXPECT_TRUE(can_read(VA, 1));
    EXPECT_FALSE(can_read(VA, 0));
    pc().run_on(0);
    EXPECT_EQ(space_current(), kernel_space());
    pc().run_on(1);
    EXPECT_EQ(space_switch(kernel_space()), space);
    pc().run_on(0);
    destroy(space);
}

TEST_F(AddressSpaceTest, S53ASpaceThatACpuTranslatesThroughIsNotDestroyed) {
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 3, READ_WRITE), STATUS_OK);
    pc().run_on(1);
    space_switch(space);
    pc().run_on(0);
    State before = state(space);
    EXPECT_EQ(space_destroy(space), STATUS_BUSY);
    EXPECT_TRUE(state(space) == before);
    EXPECT_TRUE(can_write(VA, 1, 1));
    pc().run_on(1);
    space_switch(kernel_space());
    pc().run_on(0);
    destroy(space);
}

TEST_F(AddressSpaceTest, S53DestroyingFreesPagesTablesAndTheRootAndNothingElse) {
    uint64_t before = free_frames();
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 5, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, 0x7fff00000000, 5, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(map(space, 0x123456000, 5, RIGHT_NONE), STATUS_OK);
    ASSERT_EQ(guard(space, 0x900000, 5, "guard"), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 5), STATUS_OK);
    ASSERT_EQ(populate(space, 0x7fff00000000, 5), STATUS_OK);
    destroy(space);
    audit_drain();
    EXPECT_EQ(free_frames(), before);
    EXPECT_EQ(frame_count().by_state[FRAME_ANON], 0u);
}

TEST_F(AddressSpaceTest, S53FramePageZeroIsNeverFreedByMistake) {
    address_space *space = create();
    destroy(space); /* of a space without a single table */
    EXPECT_EQ(frame_state_of(phys_addr(0)), FRAME_FREE) << "it was, and is, in the low zone";
}

TEST_F(AddressSpaceTest, RunningOutOfFramesWhileCreatingLeavesNothing) {
    address_space *space = nullptr;
    expect_all_or_nothing(kernel_space(), [&] { return space_create("late", &space); });
    EXPECT_EQ(names(), (std::vector<std::string>{"kernel", "late"}));
    destroy(space);
}

TEST_F(AddressSpaceTest, RunningOutOfMemoryForTheNullGuardLeavesNothing) {
    std::vector<vm_area *> fillers = fill_slabs();
    address_space *space = nullptr;
    expect_all_or_nothing(kernel_space(), [&] { return space_create("late", &space); });
    EXPECT_EQ(names(), (std::vector<std::string>{"kernel", "late"}));
    vm_area guard;
    EXPECT_TRUE(space_find_area(space, virt_addr(0), &guard));
    destroy(space);
    free_fillers(fillers);
}

TEST_F(AddressSpaceTest, EverySpaceThatExistsIsVisitedTheKernelsFirst) {
    address_space *one = create("one");
    address_space *two = create("two");
    EXPECT_EQ(names(), (std::vector<std::string>{"kernel", "one", "two"}));
    destroy(one);
    EXPECT_EQ(names(), (std::vector<std::string>{"kernel", "two"}));
    destroy(two);
}

TEST_F(AddressSpaceTest, S54WhatTheKernelMapsLaterIsSeenInSpacesThatExistedBefore) {
    address_space *space = create();
    struct virt_range range;
    ASSERT_EQ(kernel_range_alloc(2, "late", &range), STATUS_OK);
    space_switch(space);
    EXPECT_TRUE(cpu().write(range.start.value, 77).succeeded());
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
    EXPECT_FALSE(cpu().read(range.start.value).succeeded()) << "no stale entry of the kernel";
    space_switch(kernel_space());
    destroy(space);
}

TEST_F(AddressSpaceTest, ALongNameIsCut) {
    address_space *space = create(std::string(50, 'y').c_str());
    EXPECT_EQ(space_name(space), std::string(SPACE_NAME_SIZE_BYTES - 1, 'y'));
    destroy(space);
}

TEST_F(AddressSpaceTest, TheRangeOfATokenIsAContract) {
    address_space *space = create();
    locked_range token;
    space_lock_for_writing(space, pages_at(VA, 2), &token);
    EXPECT_CHECK_FAILS((void)space_unmap(&token, pages_at(VA, 3)),
                       "virt_range_covers(token->range, range)");
    space_unlock(&token);
    space_lock_for_reading(space, pages_at(VA, 2), &token);
    EXPECT_CHECK_FAILS((void)space_unmap(&token, pages_at(VA, 2)), "token->is_for_writing");
    space_unlock(&token);
    EXPECT_EQ(token.space, nullptr) << "whoever uses it again faults";
    destroy(space);
}

TEST_F(AddressSpaceTest, ALockThatIsHeldIsWaitedForAndItsWaitersAreWoken) {
    address_space *space = create();
    constexpr int ROUNDS = 2000;
    int counter = 0;
    auto count = [&] {
        for (int i = 0; i < ROUNDS; i++) {
            locked_range token;
            space_lock_for_writing(space, space_user_range(), &token);
            counter++;
            space_unlock(&token);
        }
    };
    std::thread first(count);
    std::thread second(count);
    std::thread third(count);
    first.join();
    second.join();
    third.join();
    EXPECT_EQ(counter, 3 * ROUNDS);
    destroy(space);
}

/* One process, from its creation to its end, on the CPU that it runs on. */
void live_one_life(machine::Machine &pc, unsigned life) {
    address_space *space;
    locked_range token;
    ASSERT_EQ(space_create("child", &space), STATUS_OK);
    space_lock_for_writing(space, space_user_range(), &token);
    const space_mapping code = {.rights = RIGHT_READ | RIGHT_EXECUTE, .name = "text"};
    const space_mapping data = {.rights = READ_WRITE, .name = "stack"};
    status text = space_map(&token, pages_at(VA, 1 + life % 7), &code);
    status stack = space_map(&token, pages_at(0x7fffffff0000, 2), &data);
    space_unlock(&token);
    ASSERT_EQ(text, STATUS_OK);
    ASSERT_EQ(stack, STATUS_OK);
    pc.run_on(life % 2);
    space_switch(space);
    ASSERT_EQ(space_resolve_fault(space, virt_addr(VA), ACCESS_EXECUTE), STATUS_OK);
    ASSERT_TRUE(pc.cpu(life % 2).execute(VA, Privilege::USER).succeeded());
    ASSERT_EQ(space_resolve_fault(space, virt_addr(0x7fffffff1ff8), ACCESS_WRITE), STATUS_OK);
    ASSERT_TRUE(pc.cpu(life % 2).write(0x7fffffff1ff8, life, Privilege::USER).succeeded());
    space_switch(kernel_space());
    ASSERT_EQ(space_destroy(space), STATUS_OK);
    pc.run_on(0);
}

TEST_F(AddressSpaceTest, TenThousandLivesOfAProcessCostNotOneFrame) {
    uint64_t before = free_frames();
    for (unsigned life = 0; life < 10'000; life++) {
        live_one_life(pc(), life);
        ASSERT_FALSE(HasFatalFailure()) << "life " << life;
        if (life % 1000 == 0) {
            expect_sound();
        }
    }
    audit_drain();
    EXPECT_EQ(free_frames(), before);
}

class PcidTest : public AddressSpaceTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.control.pcide = true;
        return config;
    }
};

TEST_F(PcidTest, SpacesWorkTheSameOnACpuWithContextIds) {
    address_space *one = create("one");
    address_space *two = create("two");
    ASSERT_EQ(map(one, VA, 1, READ_WRITE), STATUS_OK);
    space_switch(one);
    EXPECT_TRUE(can_write(VA, 5));
    space_switch(two);
    EXPECT_FALSE(can_read(VA));
    ASSERT_EQ(unmap(one, VA, 1), STATUS_OK);
    space_switch(one);
    EXPECT_FALSE(can_read(VA));
    space_switch(kernel_space());
    destroy(one);
    destroy(two);
}

} // namespace
