#include <algorithm>

#include "host_tests/audit/audit_test.h"
#include "lib/list.h"

/* What the audit says of frames and free blocks, and of itself. */

namespace {

TEST_F(AuditTest, AHealthySystemHasNoFindingsAndEverythingWasLookedAt) {
    TextLog log;
    audit_result result = audit_run(log.sink());
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(result.finding_count, 0u);
    EXPECT_EQ(result.frame_count, frame_count().total);
    EXPECT_EQ(result.table_count, frame_count().by_state[FRAME_TABLE]);
    EXPECT_GT(result.leaf_count, 4u + 48u);
}

class NoExecuteDisableTest : public AuditTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.control.nxe = false;
        return config;
    }
};

TEST_F(NoExecuteDisableTest, WhatACpuWithoutNxCannotRefuseIsNoFinding) {
    expect_sound();
}

TEST_F(AuditTest, AnAuditChangesNothing) {
    State before = state(space);
    State kernel_before = state(kernel_space());
    expect_sound();
    EXPECT_TRUE(state(space) == before);
    EXPECT_TRUE(state(kernel_space()) == kernel_before);
}

TEST_F(AuditTest, AnAuditOfAFullMemoryWorksWindowByWindow) {
    for (uint64_t left : {0, 1, 3}) {
        FrameDrought drought(left);
        expect_sound();
        Corruption broken(frame_at(space, VA).map_count, 2);
        expect_findings({"F2"}, "its count says 2");
    }
}

TEST_F(AuditTest, MoreFindingsThanLinesAreCounted) {
    struct virt_range range;
    ASSERT_EQ(kernel_range_alloc(150, "range", &range), STATUS_OK);
    auto add_to_all = [&](int change) {
        for (uint64_t i = 0; i < 150; i++) {
            frame_at(kernel_space(), range.start.value + i * PAGE_SIZE).map_count +=
                static_cast<uint32_t>(change);
        }
    };
    add_to_all(1);
    TextLog log;
    EXPECT_EQ(audit_run(log.sink()).finding_count, 150u);
    EXPECT_NE(log.text().find("audit: and 50 more\n"), std::string::npos);
    EXPECT_EQ(std::ranges::count(log.text(), '\n'), ptrdiff_t{AUDIT_LINES_MAX + 1});
    add_to_all(-1);
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(AuditTest, AsManyFindingsAsLinesAreAllTold) {
    struct virt_range range;
    ASSERT_EQ(kernel_range_alloc(AUDIT_LINES_MAX, "range", &range), STATUS_OK);
    auto frame = [&](uint64_t i) -> struct frame & {
        return frame_at(kernel_space(), range.start.value + i * PAGE_SIZE);
    };
    for (uint64_t i = 0; i < AUDIT_LINES_MAX; i++) {
        frame(i).map_count++;
    }
    TextLog log;
    EXPECT_EQ(audit_run(log.sink()).finding_count, AUDIT_LINES_MAX);
    EXPECT_EQ(std::ranges::count(log.text(), '\n'), ptrdiff_t{AUDIT_LINES_MAX});
    EXPECT_EQ(log.text().find("more"), std::string::npos);
    for (uint64_t i = 0; i < AUDIT_LINES_MAX; i++) {
        frame(i).map_count--;
    }
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(AuditTest, F1AUsedFrameThatSaysItIsReservedIsFound) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    {
        Corruption broken(frame_of(pa)->state, FRAME_RESERVED);
        expect_findings({"F1"}, "is reserved, but in no free block");
    }
    frame_free(pa);
}

TEST_F(AuditTest, F1AFreeFrameThatSaysItIsUsedIsFound) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    frame_free(pa);
    Corruption broken(free_block(6).state, FRAME_KERNEL);
    expect_findings({"F1"}, "is in a free block, but is kernel");
}

TEST_F(AuditTest, F1TotalsThatDisagreeAreFound) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    {
        Corruption broken(frame_of(pa)->state, FRAME_TABLE);
        expect_findings({"F1"}, "frames are kernel, frame_count says");
    }
    frame_free(pa);
}

TEST_F(AuditTest, F1AFrameThatIsTheHeapsOnlyByItsFlagIsFound) {
    Corruption broken(frame_of(phys_addr(KERNEL_PA))->flags, FRAME_HEAP_OBJECT);
    expect_findings({"F1"}, "frames are the heap's, heap_count says");
}

TEST_F(AuditTest, F2ACountThatIsNotTheNumberOfEntriesIsFound) {
    Corruption broken(frame_at(space, VA).map_count, 2);
    expect_findings({"F2"}, "1 entries reach it, its count says 2");
}

TEST_F(AuditTest, F2ALeakedFrameIsFound) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa), STATUS_OK);
    expect_findings({"F2"}, "is reached by nothing: it has leaked");
    frame_free(pa);
}

TEST_F(AuditTest, F2ALeakedFrameOfAFileIsFound) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc(FRAME_FILE, ZONE_NORMAL, &pa), STATUS_OK);
    expect_findings({"F2"}, "file frame 0x");
    frame_free(pa);
}

TEST_F(AuditTest, F2AFrameInTheWrongStateIsFound) {
    Corruption broken(frame_at(space, VA).state, FRAME_KERNEL);
    expect_findings({"F1", "F2"}, "which is kernel, not anonymous");
}

TEST_F(AuditTest, F2AFrameWhoseOwnerIsAnotherIsFound) {
    Corruption broken(frame_at(space, VA + PAGE_SIZE).owned.index, 7);
    expect_findings({"F2"}, "which is tagged otherwise");
}

TEST_F(AuditTest, F2AFrameThatTwoEntriesReachIsTaggedByOneOfThem) {
    struct frame &shared = frame_at(space, VA);
    Corruption counted(shared.map_count, 2);
    Corruption tagged(shared.owned.owner, nullptr);
    TextLog log;
    audit_run(log.sink());
    EXPECT_EQ(log.text().find("tagged otherwise"), std::string::npos) << log.text();
}

TEST_F(AuditTest, F2AFrameOfAnotherSpaceIsFound) {
    Corruption broken(frame_at(space, VA).owned.owner, kernel_space());
    expect_findings({"F2"}, "which is tagged otherwise");
}

TEST_F(AuditTest, F2OwnedMemoryInAnAreaThatOwnsNoneIsFound) {
    Corruption broken(area_at(space, VA).kind, AREA_DEVICE);
    expect_findings({"F2"}, "owns what it maps, in data");
}

TEST_F(AuditTest, F2MemoryThatNobodyOwnsInAnonymousMemoryIsFound) {
    uint64_t not_owned = entry(space, VA) & ~(1ull << 9);
    Corruption broken(entry(space, VA), not_owned);
    expect_findings({"F2"}, "does not own what it maps, in data");
}

TEST_F(AuditTest, F3AFreeFrameThatAnEntryReachesIsFound) {
    uint64_t raw = entry(space, VA);
    uint64_t free_page = frame_address(&free_block(6)).value;
    Corruption broken(entry(space, VA), (raw & ~0x000ffffffffff000) | free_page);
    expect_findings({"F2", "F3"}, "is free, but 1 entries reach it");
}

TEST_F(AuditTest, F3AFreeFrameWithACountIsFound) {
    Corruption broken(free_block(6).map_count, 1);
    expect_findings({"F3"}, "its map_count is 1");
}

TEST_F(AuditTest, F3AFreeFrameMappedAsADeviceIsFound) {
    void *address;
    phys_addr_t pa = frame_address(&free_block(6));
    ASSERT_EQ(kernel_range_map_device(pa, 8, CACHE_WRITE_BACK, "device", &address), STATUS_OK);
    expect_findings({"F3"}, "which is free");
    pc().know_free_pages(nullptr); /* the machine has seen it too */
    ASSERT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(AuditTest, ADeviceThatIsNoMemoryIsSound) {
    void *address;
    ASSERT_EQ(kernel_range_map_device(phys_addr(0xfed00000), 8, CACHE_UNCACHED, "hpet", &address),
              STATUS_OK);
    expect_sound();
    ASSERT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

/* Memory on both sides of 4 GiB, two free blocks of the largest order that are buddies, and an end
 * that is inside of a pair of buddies. */
class LargeAuditTest : public AuditTest {
  protected:
    machine::Config config() const override {
        machine::Config config = AuditTest::config();
        config.ram.push_back({0xfff80000, 0x80000});
        config.ram.push_back({1ull << 32, (4ull << 30) + 3 * PAGE_SIZE});
        return config;
    }
};

TEST_F(LargeAuditTest, F4TheLargestBlockIsSoundAndBelongsToItsZone) {
    ASSERT_GT(frame_count().free_by_zone[ZONE_NORMAL], 3ull << FRAME_ORDER_MAX);
    expect_sound();
}

/* Two buddies, the lower one free and the upper one not. */
class BuddyAuditTest : public AuditTest {
  protected:
    void SetUp() override {
        AuditTest::SetUp();
        ASSERT_EQ(frame_alloc_contiguous(2, 2 * PAGE_SIZE, FRAME_KERNEL, ZONE_NORMAL, &lower),
                  STATUS_OK);
        upper = phys_add(lower, PAGE_SIZE);
        frame_free(lower);
    }

    void TearDown() override {
        frame_free(upper);
        AuditTest::TearDown();
    }

    phys_addr_t lower = {};
    phys_addr_t upper = {};
};

TEST_F(AuditTest, AFreeFrameBehindOneThatIsMappedAsADeviceIsSound) {
    phys_addr_t pa;
    void *address;
    ASSERT_EQ(frame_alloc_contiguous(2, PAGE_SIZE, FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    ASSERT_EQ(kernel_range_map_device(pa, 8, CACHE_WRITE_BACK, "buffer", &address), STATUS_OK);
    frame_free(phys_add(pa, PAGE_SIZE));
    expect_sound();
    ASSERT_EQ(kernel_range_unmap_device(address), STATUS_OK);
    frame_free(pa);
}

TEST_F(BuddyAuditTest, F4FreeBuddiesThatStayApartAreFound) {
    Corruption broken(frame_of(upper)->state, FRAME_FREE);
    expect_findings({"F1", "F4"}, "of order 0 is apart from its buddy");
}

TEST_F(BuddyAuditTest, F4AFrameInTwoFreeBlocksIsFound) {
    struct frame *inner = &free_block(4) + 5;
    struct frame before = *inner;
    inner->state = FRAME_FREE;
    list_insert_after(&frame_of(lower)->free.link, &inner->free.link);
    expect_findings({"F4"}, "is in two free blocks");
    list_remove(&inner->free.link);
    *inner = before;
}

TEST_F(BuddyAuditTest, F4ABlockThatIsNotAlignedIsFound) {
    struct frame *inner = &free_block(5) + 5;
    struct frame before = *inner;
    list_insert_after(&free_block(3).free.link, &inner->free.link);
    expect_findings({"F4"}, "is not aligned to its order 3");
    list_remove(&inner->free.link);
    *inner = before;
}

TEST_F(BuddyAuditTest, F4ABlockOnAnotherZonesListIsFound) {
    phys_addr_t low;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_LOW, &low), STATUS_OK);
    struct frame before = *frame_of(low);
    list_insert_after(&frame_of(lower)->free.link, &frame_of(low)->free.link);
    expect_findings({"F1", "F4"}, "is on another zone's list");
    list_remove(&frame_of(low)->free.link);
    *frame_of(low) = before;
    frame_free(low);
}

} // namespace
