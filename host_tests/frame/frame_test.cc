#include "mm/frame/frame.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <set>
#include <vector>

#include "host_tests/frame/frame_fixture.h"
#include "host_tests/machine/program.h"
#include "host_tests/machine/sizes.h"

/* The layout that docs/mm_invariants.md writes out. */
static_assert(sizeof(struct frame) == 32);
static_assert(offsetof(struct frame, state) == 0);
static_assert(offsetof(struct frame, order) == 1);
static_assert(offsetof(struct frame, level) == 2);
static_assert(offsetof(struct frame, size_class) == 2);
static_assert(offsetof(struct frame, flags) == 3);
static_assert(offsetof(struct frame, map_count) == 4);
static_assert(offsetof(struct frame, free.link) == 8);
static_assert(offsetof(struct frame, table.share_count) == 8);
static_assert(offsetof(struct frame, table.entry_count) == 12);
static_assert(offsetof(struct frame, table.owner) == 16);
static_assert(offsetof(struct frame, owned.owner) == 8);
static_assert(offsetof(struct frame, owned.index) == 16);
static_assert(offsetof(struct frame, owned.extra) == 24);
static_assert(offsetof(struct frame, slab.link) == 8);
static_assert(offsetof(struct frame, slab.free_slots) == 24);
static_assert(offsetof(struct frame, listed.link) == 8);
static_assert(offsetof(struct frame, listed.value) == 24);
static_assert(FRAME_RESERVED == 0); // what a zeroed frame array says

TEST_F(FrameTest, AllMemoryThatTheBootDidNotTakeIsFree) {
    EXPECT_EQ(free_count(), usable_pages());
    EXPECT_EQ(frame_count().total, usable_pages());
    EXPECT_EQ(frame_count().free_by_zone[ZONE_LOW], 0x9fu);
    EXPECT_EQ(frame_count().free_by_zone[ZONE_DMA32], 0x1f00u + 0x80);
    EXPECT_EQ(frame_count().free_by_zone[ZONE_NORMAL], 0x80u);
}

TEST_F(FrameTest, AFrameArrayReachesTheHighestUsablePage) { // S08
    EXPECT_EQ(frame_page_limit(), (4 * GIB + MIB / 2) / PAGE_SIZE);
    EXPECT_EQ(frame_array_size_bytes(&map()), frame_page_limit() * 32);
    EXPECT_CHECK_FAILS(frame_of(phys_addr(4 * GIB + MIB / 2)), "page_limit");
}

TEST_F(FrameTest, OnlyUsableMemoryHasFrames) {
    EXPECT_TRUE(frame_exists(phys_addr(0)));
    EXPECT_TRUE(frame_exists(phys_addr(0x9efff)));
    EXPECT_FALSE(frame_exists(phys_addr(0x9f000)));
    EXPECT_FALSE(frame_exists(phys_addr(0xfffff)));
    EXPECT_TRUE(frame_exists(phys_addr(MIB)));
    EXPECT_FALSE(frame_exists(phys_addr(32 * MIB)));
    EXPECT_TRUE(frame_exists(phys_addr(4 * GIB)));
    EXPECT_FALSE(frame_exists(phys_addr(NO_MEMORY)));
    EXPECT_FALSE(frame_exists(phys_addr(BEHIND_THE_MAP)));
    EXPECT_FALSE(frame_exists(phys_addr(UINT64_MAX)));
}

TEST_F(FrameTest, FramesAndAddressesAndPointersNameEachOther) {
    phys_addr_t pa = alloc();
    EXPECT_EQ(frame_address(frame_of(pa)).value, pa.value);
    EXPECT_EQ(frame_of(phys_add(pa, 0xfff)), frame_of(pa));
    char *pointer = static_cast<char *>(platform_phys_to_virt(pa));
    EXPECT_EQ(frame_of_pointer(pointer), frame_of(pa));
    EXPECT_EQ(frame_of_pointer(pointer + 0xfff), frame_of(pa));
    frame_free(pa);
}

TEST_F(FrameTest, AnAllocatedFrameSaysWhatItIsAndNothingElse) { // F1, S81
    for (frame_state state : {FRAME_TABLE, FRAME_ANON, FRAME_FILE, FRAME_KERNEL}) {
        phys_addr_t pa = alloc(state);
        struct frame expected = {};
        expected.state = state;
        EXPECT_EQ(memcmp(frame_of(pa), &expected, sizeof expected), 0);
        EXPECT_EQ(frame_state_of(pa), state);
        EXPECT_EQ(frame_count().by_state[state], 1u);
        frame_free(pa);
        EXPECT_EQ(frame_state_of(pa), FRAME_FREE);
        EXPECT_EQ(frame_count().by_state[state], 0u);
    }
}

TEST_F(FrameTest, TheStateOfEveryPageCanBeAskedFor) { // F1
    EXPECT_EQ(frame_state_of(phys_addr(0x1234567)), FRAME_FREE);
    phys_addr_t block = alloc_block(4);
    EXPECT_EQ(frame_state_of(phys_add(block, 0xf000)), FRAME_KERNEL);
    EXPECT_EQ(frame_state_of(phys_add(block, 0x10000)), FRAME_FREE);
    frame_free(block);
    EXPECT_EQ(frame_state_of(phys_add(block, 0xf000)), FRAME_FREE);
}

TEST_F(FrameTest, AFrameThatIsNotUsedAndInNoFreeBlockIsReserved) { // F1
    /* In every zone, and before and after a hole. All around it is used, but for its buddy. */
    for (uint64_t page : {0x9dull, 0x1fffull, 0xfff81ull, 0x100001ull}) {
        std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
        std::vector<phys_addr_t> low = take_all(ZONE_LOW);
        taken.insert(taken.end(), low.begin(), low.end());
        struct frame *frame = frame_of(phys_addr(page * PAGE_SIZE));
        frame_free(phys_addr((page ^ 1) * PAGE_SIZE));
        frame_state before = frame->state;
        frame->state = FRAME_RESERVED;
        EXPECT_EQ(frame_state_of(phys_addr(page * PAGE_SIZE)), FRAME_RESERVED);
        frame->state = before;
        std::erase_if(taken, [&](phys_addr_t pa) { return pa.value == (page ^ 1) * PAGE_SIZE; });
        free_all(taken);
    }
}

TEST_F(FrameTest, AZeroedFrameIsZeroedOverItsGarbage) { // S20, T2
    phys_addr_t garbage = alloc();
    memset(platform_phys_to_virt(garbage), 0x5a, PAGE_SIZE);
    frame_free(garbage);
    phys_addr_t pa = {};
    ASSERT_EQ(frame_alloc_zeroed(FRAME_TABLE, ZONE_NORMAL, &pa), STATUS_OK);
    EXPECT_EQ(pa.value, garbage.value);
    const char *bytes = static_cast<const char *>(platform_phys_to_virt(pa));
    EXPECT_EQ(std::count(bytes, bytes + PAGE_SIZE, 0), ptrdiff_t{PAGE_SIZE});
    frame_free(pa);
}

TEST_F(FrameTest, EachFrameIsHandedOutOnce) {
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    std::set<uint64_t> distinct;
    for (phys_addr_t pa : taken) {
        EXPECT_TRUE(frame_exists(pa));
        distinct.insert(pa.value);
    }
    EXPECT_EQ(distinct.size(), taken.size());
    EXPECT_EQ(taken.size(), usable_pages() - 0x9f);
    free_all(taken);
}

TEST_F(FrameTest, NormalMemoryComesFromAboveFourGibibytesWhileThereIsAny) {
    std::vector<phys_addr_t> taken;
    for (unsigned i = 0; i < 0x80; i++) {
        taken.push_back(alloc());
        EXPECT_GE(taken.back().value, 4 * GIB);
    }
    taken.push_back(alloc());
    EXPECT_LT(taken.back().value, 4 * GIB);
    EXPECT_GE(taken.back().value, MIB);
    free_all(taken);
}

TEST_F(FrameTest, ADma32RequestStaysBelowFourGibibytesAndAboveOneMebibyte) {
    std::vector<phys_addr_t> taken = take_all(ZONE_DMA32);
    EXPECT_EQ(taken.size(), 0x1f80u);
    for (phys_addr_t pa : taken) {
        EXPECT_GE(pa.value, MIB);
        EXPECT_LT(pa.value, 4 * GIB);
    }
    free_all(taken);
}

TEST_F(FrameTest, LowMemoryIsForThoseWhoAskForIt) { // S59
    std::vector<phys_addr_t> all = take_all(ZONE_NORMAL);
    EXPECT_EQ(frame_count().free_by_zone[ZONE_LOW], 0x9fu);
    std::vector<phys_addr_t> low = take_all(ZONE_LOW);
    EXPECT_EQ(low.size(), 0x9fu);
    for (phys_addr_t pa : low) {
        EXPECT_LT(pa.value, MIB);
    }
    free_all(low);
    free_all(all);
}

TEST_F(FrameTest, OutOfMemoryIsAnErrorThatPasses) { // S20, S24
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    phys_addr_t pa = phys_addr(0x1234);
    EXPECT_EQ(frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(frame_alloc_zeroed(FRAME_ANON, ZONE_DMA32, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(frame_alloc_block(3, FRAME_ANON, ZONE_NORMAL, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(frame_alloc_contiguous(3, PAGE_SIZE, FRAME_ANON, ZONE_NORMAL, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(pa.value, 0x1234u);
    frame_free(taken.back());
    EXPECT_EQ(alloc().value, taken.back().value);
    free_all(taken);
    EXPECT_EQ(free_count(), usable_pages());
}

TEST_F(FrameTest, FreeingEverythingInAnyOrderLeavesTheLargestBlocks) { // F4
    std::vector<FreeBlock> before = free_blocks();
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    for (size_t i = 0; i < taken.size(); i += 2) {
        frame_free(taken[i]);
    }
    for (size_t i = 1; i < taken.size(); i += 2) {
        frame_free(taken[i]);
    }
    EXPECT_EQ(free_blocks().size(), before.size());
}

TEST_F(FrameTest, BlocksAreAlignedAndEveryPageOfThemIsAllocated) {
    for (unsigned order = 0; order <= 11; order++) {
        phys_addr_t pa = alloc_block(order);
        uint64_t pages = 1ull << order;
        EXPECT_TRUE(is_aligned(pa.value, pages * PAGE_SIZE)) << order;
        EXPECT_EQ(frame_count().by_state[FRAME_KERNEL], pages);
        for (uint64_t i = 0; i < pages; i++) {
            ASSERT_EQ(frame_of(phys_add(pa, i * PAGE_SIZE))->state, FRAME_KERNEL);
        }
        frame_free(pa);
        EXPECT_EQ(free_count(), usable_pages());
    }
}

TEST_F(FrameTest, ABlockLargerThanAnyFreeOneIsRefused) {
    phys_addr_t pa;
    EXPECT_EQ(frame_alloc_block(FRAME_ORDER_MAX, FRAME_ANON, ZONE_NORMAL, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(frame_alloc_block(8, FRAME_ANON, ZONE_LOW, &pa), STATUS_NO_MEMORY);
}

TEST_F(FrameTest, ABlockIsFreedByItsFirstFrame) { // F1
    phys_addr_t pa = alloc_block(3);
    EXPECT_CHECK_FAILS(frame_free(phys_add(pa, PAGE_SIZE)), "FRAME_INSIDE_BLOCK");
    frame_free(pa);
}

TEST_F(FrameTest, ContiguousMemoryGivesBackWhatItDoesNotNeed) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc_contiguous(5, PAGE_SIZE, FRAME_KERNEL, ZONE_DMA32, &pa), STATUS_OK);
    EXPECT_EQ(free_count(), usable_pages() - 5);
    EXPECT_EQ(frame_count().by_state[FRAME_KERNEL], 5u);
    EXPECT_EQ(frame_state_of(phys_add(pa, 5 * PAGE_SIZE)), FRAME_FREE);
    for (uint64_t i = 0; i < 5; i++) {
        frame_free(phys_add(pa, i * PAGE_SIZE));
    }
    EXPECT_EQ(free_count(), usable_pages());
}

TEST_F(FrameTest, ContiguousMemoryHonoursAnAlignmentAboveItsSize) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc_contiguous(1, 4 * MIB, FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    EXPECT_TRUE(is_aligned(pa.value, 4 * MIB));
    EXPECT_EQ(free_count(), usable_pages() - 1);
    frame_free(pa);
    EXPECT_EQ(frame_alloc_contiguous(1, 1ull << 40, FRAME_KERNEL, ZONE_NORMAL, &pa),
              STATUS_NO_MEMORY);
    EXPECT_EQ(frame_alloc_contiguous(UINT64_MAX, PAGE_SIZE, FRAME_KERNEL, ZONE_NORMAL, &pa),
              STATUS_NO_MEMORY);
}

TEST_F(FrameTest, FreeingTwiceIsCaught) { // F1
    phys_addr_t pa = alloc();
    frame_free(pa);
    EXPECT_CHECK_FAILS(frame_free(pa), "FRAME_FREE");
    phys_addr_t block = alloc_block(2);
    frame_free(block);
    EXPECT_CHECK_FAILS(frame_free(phys_add(block, PAGE_SIZE)), "FRAME_FREE");
}

TEST_F(FrameTest, FreeingWhatIsNotOursIsCaught) { // F1
    EXPECT_CHECK_FAILS(frame_free(phys_addr(0x9f000)), "FRAME_RESERVED");
    EXPECT_CHECK_FAILS(frame_free(phys_addr(0x200000)), "FRAME_RESERVED"); // free since the boot
    EXPECT_CHECK_FAILS(frame_free(phys_addr(1ull << 45)), "page_limit");
    phys_addr_t pa = alloc();
    EXPECT_CHECK_FAILS(frame_free(phys_add(pa, 8)), "is_aligned");
    frame_free(pa);
}

TEST_F(FrameTest, FreeingWhatAnEntryStillReachesIsCaught) { // F3
    phys_addr_t block = alloc_block(2);
    frame_of(phys_add(block, 3 * PAGE_SIZE))->map_count = 1;
    EXPECT_CHECK_FAILS(frame_free(block), "map_count == 0");
    frame_of(phys_add(block, 3 * PAGE_SIZE))->map_count = 0;
    frame_free(block);

    phys_addr_t pa = alloc();
    frame_of(pa)->map_count = 1;
    EXPECT_CHECK_FAILS(frame_free(pa), "map_count == 0");
    frame_of(pa)->map_count = 0;
    frame_free(pa);
}

TEST_F(FrameTest, NobodyAllocatesFreeOrReservedFrames) {
    phys_addr_t pa;
    EXPECT_CHECK_FAILS((void)frame_alloc(FRAME_FREE, ZONE_NORMAL, &pa), "FRAME_FREE");
    EXPECT_CHECK_FAILS((void)frame_alloc(FRAME_RESERVED, ZONE_NORMAL, &pa), "FRAME_RESERVED");
}

/* Two CPUs. */

using machine::Moment;
using machine::Program;

TEST_F(FrameTest, WhoSeesTheLastFrameButIsLateGetsNone) {
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    frame_free(taken.back());
    status result = STATUS_OK;
    Program late(pc(), 0, [&] {
        phys_addr_t pa;
        result = frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa);
    });
    ASSERT_EQ(late.run_to(Moment::LOCKING), Moment::LOCKING);
    EXPECT_EQ(alloc().value, taken.back().value);
    late.finish();
    EXPECT_EQ(result, STATUS_NO_MEMORY);
    free_all(taken);
}

TEST_F(FrameTest, AFrameThatIsBeingHandedOutIsNotJoinedWithItsBuddy) { // F4
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    frame_free(taken.back());
    uint64_t buddy = taken.back().value ^ PAGE_SIZE;
    std::erase_if(taken, [&](phys_addr_t pa) { return pa.value == buddy; });
    Program allocating(pc(), 0, [] { alloc(); });
    ASSERT_EQ(allocating.run_to(Moment::UNLOCKED), Moment::UNLOCKED);
    frame_free(phys_addr(buddy));
    allocating.finish();
    EXPECT_EQ(frame_of(taken.back())->state, FRAME_ANON);
    EXPECT_EQ(free_count(), 0x9fu + 1);
    EXPECT_EQ(audit_free_blocks(), "");
    free_all(taken);
}

TEST_F(FrameTest, StatesHaveNames) {
    EXPECT_STREQ(frame_state_name(FRAME_RESERVED), "reserved");
    EXPECT_STREQ(frame_state_name(FRAME_FREE), "free");
    EXPECT_STREQ(frame_state_name(FRAME_TABLE), "page table");
    EXPECT_STREQ(frame_state_name(FRAME_ANON), "anonymous");
    EXPECT_STREQ(frame_state_name(FRAME_FILE), "file");
    EXPECT_STREQ(frame_state_name(FRAME_KERNEL), "kernel");
}
