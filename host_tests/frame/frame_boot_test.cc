#include <gtest/gtest.h>

#include <vector>

#include "host_tests/frame/frame_fixture.h"
#include "host_tests/machine/sizes.h"

/* What the boot took. */

class FrameAfterEarlyTest : public FrameTest {
  protected:
    void boot_early() override {
        ASSERT_EQ(early_reserve(phys_addr(MIB), 3 * MIB + 1), STATUS_OK); // kernel and RAM disk
        ASSERT_EQ(early_reserve(phys_addr(0x7c00), 0x400), STATUS_OK);    // the loader
        ASSERT_EQ(early_reserve(phys_addr(0x9e000), 0x4000), STATUS_OK);  // partly firmware's
        ASSERT_EQ(frame_alloc(FRAME_TABLE, ZONE_NORMAL, &table_), STATUS_OK);
        ASSERT_EQ(early_alloc(7, PAGE_SIZE, &given_), STATUS_OK);
    }

    static constexpr uint64_t KEPT_PAGES = 0x301 + 1 + 1 + 1 + 7;
    phys_addr_t table_;
    phys_addr_t given_;
};

TEST_F(FrameAfterEarlyTest, WhatTheBootTookIsTheKernels) {
    EXPECT_EQ(frame_count().by_state[FRAME_KERNEL], KEPT_PAGES);
    EXPECT_EQ(free_count(), usable_pages() - KEPT_PAGES);
    EXPECT_EQ(frame_of(table_)->state, FRAME_KERNEL);
    EXPECT_EQ(frame_of(phys_add(given_, 6 * PAGE_SIZE))->state, FRAME_KERNEL);
    EXPECT_EQ(frame_state_of(phys_add(given_, 7 * PAGE_SIZE)), FRAME_FREE);
    EXPECT_EQ(frame_state_of(phys_addr(0x7000)), FRAME_KERNEL);
    EXPECT_EQ(frame_state_of(phys_addr(0x8000)), FRAME_FREE);
}

TEST_F(FrameAfterEarlyTest, NothingThatTheBootTookIsHandedOut) {
    std::vector<phys_addr_t> taken = take_all(ZONE_NORMAL);
    for (phys_addr_t pa : taken) {
        EXPECT_TRUE(pa.value >= given_.value + 7 * PAGE_SIZE) << std::hex << pa.value;
    }
    free_all(taken);
}

TEST_F(FrameAfterEarlyTest, ReleasedBootMemoryIsOrdinaryMemory) { // S06
    frame_release_boot(phys_addr(MIB), 3 * MIB + 1);
    frame_release_boot(phys_addr(0x7c00), 0x400);
    frame_release_boot(phys_addr(0x9e000), 0x4000);
    EXPECT_EQ(free_count(), usable_pages() - 8);
    EXPECT_EQ(frame_state_of(phys_addr(MIB)), FRAME_FREE);
    frame_release_boot(phys_addr(0x5000), 0);
    frame_release_boot(phys_addr(0x5800), 0); // touches no page, though it is inside of one
}

TEST_F(FrameAfterEarlyTest, ReleasingBootMemoryTwiceIsCaught) { // F1
    frame_release_boot(phys_addr(0x7c00), 0x400);
    EXPECT_CHECK_FAILS(frame_release_boot(phys_addr(0x7c00), 0x400), "FRAME_KERNEL");
}

TEST_F(FrameAfterEarlyTest, AnAdoptedFrameIsCountedAsWhatItIs) { // F1, T3
    frame_adopt(table_, FRAME_TABLE);
    EXPECT_EQ(frame_of(table_)->state, FRAME_TABLE);
    EXPECT_EQ(frame_count().by_state[FRAME_TABLE], 1u);
    EXPECT_EQ(frame_count().by_state[FRAME_KERNEL], KEPT_PAGES - 1);
    EXPECT_CHECK_FAILS(frame_adopt(table_, FRAME_TABLE), "FRAME_KERNEL");
    EXPECT_CHECK_FAILS(frame_adopt(phys_addr(16 * MIB), FRAME_TABLE), "FRAME_KERNEL");
}

TEST_F(FrameAfterEarlyTest, TheEarlyAllocatorIsClosed) {
    phys_addr_t pa;
    EXPECT_CHECK_FAILS((void)early_alloc(1, PAGE_SIZE, &pa), "is_open");
    EXPECT_CHECK_FAILS((void)early_reserve(phys_addr(0), 1), "is_open");
}

/* A machine without a hole below 1 MiB, so that the zones touch. */

class UnbrokenFrameTest : public FrameTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0, 4 * MIB}};
        return config;
    }
};

TEST_F(UnbrokenFrameTest, ABlockNeverReachesIntoAnotherZone) { // F4
    EXPECT_EQ(frame_count().free_by_zone[ZONE_LOW], 0x100u);
    phys_addr_t low = alloc_block(8, ZONE_LOW);
    EXPECT_EQ(low.value, 0u); // a legal address (S40)
    phys_addr_t above = alloc_block(8);
    EXPECT_EQ(above.value, MIB);
    frame_free(low);
    frame_free(above);
    EXPECT_EQ(audit_free_blocks(), "");
}

/* A machine large enough for the largest blocks, and with memory at a strange place. */

class LargeFrameTest : public FrameTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0, 0x9f000}, {0x100000, 0xf00000}, {0x100000000, 0x60005000}};
        return config;
    }
};

TEST_F(LargeFrameTest, BootBuildsTheLargestBlocksThatFit) { // F4
    EXPECT_LT(free_blocks().size(), 40u);
    phys_addr_t pa = alloc_block(FRAME_ORDER_MAX);
    EXPECT_TRUE(is_aligned(pa.value, GIB));
    EXPECT_GE(pa.value, 4 * GIB);
    frame_free(pa);
}

TEST_F(LargeFrameTest, ContiguousMemoryMayBeAsLargeAsTheLargestBlock) {
    uint64_t pages = 1ull << FRAME_ORDER_MAX;
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc_contiguous(pages, PAGE_SIZE, FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    EXPECT_EQ(free_count(), usable_pages() - pages);
    for (uint64_t i = 0; i < pages; i++) {
        frame_free(phys_add(pa, i * PAGE_SIZE));
    }
}

TEST_F(LargeFrameTest, BootWritesOneFrameOfEachFreeBlock) { // F1
    uint64_t written = 0;
    for (uint64_t page = 4 * GIB / PAGE_SIZE; page < frame_page_limit(); page++) {
        written += frame_of(phys_addr(page * PAGE_SIZE))->state != FRAME_RESERVED;
    }
    EXPECT_LE(written, free_blocks().size());
    EXPECT_EQ(frame_state_of(phys_addr(4 * GIB + 0x12345000)), FRAME_FREE);
}

TEST_F(LargeFrameTest, MemoryThatIsNotPartOfALargeBlockIsUsedFirst) {
    std::vector<phys_addr_t> taken;
    for (unsigned i = 0; i < 5; i++) {
        taken.push_back(alloc());
        EXPECT_GE(taken.back().value, 0x160000000u);
    }
    free_all(taken);
}
