#include <algorithm>

#include "host_tests/audit/audit_test.h"
#include "lib/list.h"
#include "mm/frame/early.h"
#include "mm/object/memory_object.h"

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
        expect_findings({"F2", "S2"}, "its count says 2");
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
    expect_findings({"F2", "S2"}, "1 entries reach it, its count says 2");
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
    expect_findings({"F2"}, "1 frames are files', their objects have 0");
    frame_free(pa);
}

TEST_F(AuditTest, F2AFrameOfAnObjectThatNoAreaMapsIsSound) {
    memory_object *object;
    phys_addr_t pa;
    ASSERT_EQ(memory_object_create(PAGE_SIZE, &object), STATUS_OK);
    ASSERT_EQ(memory_object_get_page(object, 0, &pa), STATUS_OK);
    expect_sound();
    {
        Corruption broken(frame_of(pa)->state, FRAME_KERNEL);
        expect_findings({"F1", "F2"}, "0 frames are files', their objects have 1");
    }
    memory_object_unref(object);
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

bool begins_free_block(uint64_t pa, unsigned order) {
    const struct frame *frame = frame_of(phys_addr(pa));
    return frame->state == FRAME_FREE && frame->order == order;
}

/*
 * Room for the frame array below 4 GiB, memory on both sides of it, and two free blocks of the
 * largest order that are buddies. 1 MiB that small requests are served from, 16 MiB to count in,
 * and behind them an end that is inside of a pair of buddies.
 */
class LargeAuditTest : public AuditTest {
  protected:
    static constexpr uint64_t GIB = 1ull << 30;
    static constexpr uint64_t MIB = 1ull << 20;

    machine::Config config() const override {
        machine::Config config = AuditTest::config();
        config.ram.push_back({64 * MIB, 128 * MIB});
        config.ram.push_back({4 * GIB - 0x80000, 2 * GIB + 0x80000});
        config.ram.push_back({7 * GIB - 17 * MIB, 19 * MIB});
        return config;
    }
};

TEST_F(LargeAuditTest, F4TheLargestBlockIsSoundAndBelongsToItsZone) {
    ASSERT_TRUE(begins_free_block(4 * GIB, FRAME_ORDER_MAX));
    ASSERT_TRUE(begins_free_block(5 * GIB, FRAME_ORDER_MAX));
    expect_sound();
}

TEST_F(LargeAuditTest, F4TheLastBlockIsSoundWhereMemoryEndsBeforeItsBuddy) {
    ASSERT_TRUE(begins_free_block(7 * GIB, 9));
    ASSERT_EQ(frame_page_limit(), (7 * GIB + 2 * MIB) >> PAGE_SHIFT);
    expect_sound();
}

/* Puts a frame on the list that another block is on, for as long as it lives. */
class StrayBlock {
  public:
    StrayBlock(struct frame &stray, struct frame &on_list) : stray_(stray), before_(stray) {
        list_insert_after(&on_list.free.link, &stray.free.link);
    }
    ~StrayBlock() {
        list_remove(&stray_.free.link);
        stray_ = before_;
    }
    StrayBlock(const StrayBlock &) = delete;
    StrayBlock &operator=(const StrayBlock &) = delete;

  private:
    struct frame &stray_;
    struct frame before_;
};

/* No BIOS below 1 MiB, and the loader has left the MiB above it: a free block on each side, which
 * would be buddies in one zone. */
class LowMemoryAuditTest : public AuditTest {
  protected:
    static constexpr uint64_t MIB = 1ull << 20;

    machine::Config config() const override {
        machine::Config config = AuditTest::config();
        config.ram = {{0, 32 * MIB}};
        return config;
    }

    void bring_up() override {
        boot().begin({{0, 32 * MIB, MEMORY_USABLE, MEMORY_ATTRIBUTE_ENABLED}});
        ASSERT_EQ(early_reserve(phys_addr(MIB), MIB), STATUS_OK);
        ASSERT_EQ(boot().build(KernelBoot::sections()), STATUS_OK);
        boot().start();
        frame_release_boot(phys_addr(MIB), MIB);
    }
};

TEST_F(LowMemoryAuditTest, F4FreeBlocksOfTwoZonesAreNoBuddies) {
    ASSERT_TRUE(begins_free_block(0, 8));
    ASSERT_TRUE(begins_free_block(MIB, 8));
    expect_sound();
}

TEST_F(LowMemoryAuditTest, F4ABlockThatBeginsInTheZoneBelowIsFound) {
    StrayBlock broken(*frame_of(phys_addr(MIB - PAGE_SIZE)), free_block(5));
    expect_findings({"F4"}, "the free block at 0xff000 is on another zone's list");
}

TEST_F(LowMemoryAuditTest, F4ABlockThatEndsInTheZoneAboveIsFound) {
    phys_addr_t first;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_LOW, &first), STATUS_OK);
    ASSERT_TRUE(begins_free_block(2 * PAGE_SIZE, 1));
    {
        StrayBlock broken(*frame_of(phys_addr(MIB - PAGE_SIZE)),
                          *frame_of(phys_addr(2 * PAGE_SIZE)));
        expect_findings({"F4"}, "the free block at 0xff000 is on another zone's list");
    }
    frame_free(first);
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
    struct frame *inner = &free_block(5) + 5;
    Corruption free(inner->state, FRAME_FREE);
    StrayBlock broken(*inner, *frame_of(lower));
    expect_findings({"F4"}, "is in two free blocks");
}

TEST_F(BuddyAuditTest, F4ABlockThatIsNotAlignedIsFound) {
    StrayBlock broken(*(&free_block(6) + 5), free_block(5));
    expect_findings({"F4"}, "is not aligned to its order 5");
}

TEST_F(BuddyAuditTest, F4ABlockOnAnotherZonesListIsFound) {
    phys_addr_t low;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_LOW, &low), STATUS_OK);
    {
        StrayBlock broken(*frame_of(low), *frame_of(lower));
        expect_findings({"F1", "F4"}, "is on another zone's list");
    }
    frame_free(low);
}

TEST_F(BuddyAuditTest, AnAuditThatCountsInASinglePageWritesNothingBehindIt) {
    constexpr uint64_t window_bytes = 1024 * PAGE_SIZE;
    constexpr uint64_t others_word = 0x1122334455667788;
    FrameDrought drought(0);
    frame_free(lower); /* to be borrowed: there is no other */
    pc().ram().store(upper.value, others_word);
    {
        uint64_t flags = entry(space, VA) & ~0x000ffffffffff000;
        Corruption reached(entry(space, VA), flags | 2 * window_bytes);
        expect_findings({"F2"}, "which is kernel, not anonymous");
    }
    EXPECT_EQ(pc().ram().load(upper.value), others_word);
    phys_addr_t again;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &again), STATUS_OK);
    EXPECT_EQ(again.value, lower.value);
}

} // namespace
