#include "mm/audit/audit.h"

#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <type_traits>

#include "host_tests/space/space_test.h"
#include "lib/list.h"
#include "mm/addr/layout.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"

namespace {

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t VA = SPACE_IMAGE_BASE;
constexpr uint64_t TEXT = KERNEL_IMAGE_BASE;
constexpr uint64_t DATA = KERNEL_IMAGE_BASE + 32 * PAGE_SIZE;

/* Changes a value for as long as it lives. */
template <typename T> class Corruption {
  public:
    Corruption(T &where, std::type_identity_t<T> what) : where_(where), before_(where) {
        where = what;
    }
    ~Corruption() {
        where_ = before_;
    }
    Corruption(const Corruption &) = delete;
    Corruption &operator=(const Corruption &) = delete;

  private:
    T &where_;
    T before_;
};

/* Each test breaks one thing by hand, sees it reported, and mends it; the fixture's own audit at
 * the end sees nothing any more. */
class AuditTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        space = create("init");
        ASSERT_EQ(map(space, VA, 4, READ_WRITE, "data"), STATUS_OK);
        ASSERT_EQ(guard(space, VA + 4 * PAGE_SIZE, 1, "guard"), STATUS_OK);
    }

    void TearDown() override {
        audit_forget();
        destroy(space);
        SpaceTest::TearDown();
    }

    /* Expects findings of these invariants and no others, and one line with `part` in it. */
    void expect_findings(const std::set<std::string> &invariants, const std::string &part) {
        TextLog log;
        audit_result result = audit_run(log.sink());
        std::set<std::string> found;
        uint64_t lines = 0;
        std::istringstream text(log.text());
        for (std::string line; std::getline(text, line); lines++) {
            found.insert(line.substr(7, 2)); /* behind "audit: " */
        }
        EXPECT_EQ(found, invariants) << log.text();
        EXPECT_EQ(result.finding_count, lines);
        EXPECT_NE(log.text().find(part), std::string::npos) << part << "\nin\n" << log.text();
    }

    /* The entry that maps `va`, or the one of a higher level on the way. */
    uint64_t &entry(address_space *of, uint64_t va, unsigned level = 0) {
        page_walk walk;
        page_table_walk(space_page_table(of), virt_addr(va), &walk);
        const page_walk_step &step = walk.steps[space_page_table(of)->levels - 1u - level];
        return static_cast<uint64_t *>(platform_phys_to_virt(step.table))[step.index];
    }

    static struct frame &frame_at(address_space *of, uint64_t va) {
        translation found = {};
        EXPECT_EQ(space_translate(of, virt_addr(va), &found), STATUS_OK);
        return *frame_of(phys_addr(align_down(found.pa.value, PAGE_SIZE)));
    }

    static struct frame &table_frame(address_space *of, uint64_t va, unsigned level) {
        page_walk walk;
        page_table_walk(space_page_table(of), virt_addr(va), &walk);
        return *frame_of(walk.steps[space_page_table(of)->levels - 1u - level].table);
    }

    static vm_area &area_at(address_space *of, uint64_t va) {
        struct Search {
            uint64_t va;
            vm_area *found;
        } search = {va, nullptr};
        space_for_each_area(
            of,
            [](void *context, const vm_area *area) {
                auto *wanted = static_cast<Search *>(context);
                if (virt_range_contains(area->range, virt_addr(wanted->va))) {
                    wanted->found = const_cast<vm_area *>(area);
                }
                return wanted->found == nullptr;
            },
            &search);
        return *search.found;
    }

    /* The first frame of some free block of the order. An audit of this machine borrows one of
     * order 3. */
    static struct frame &free_block(unsigned order) {
        struct Search {
            unsigned order;
            struct frame *found;
        } search = {order, nullptr};
        frame_for_each_free_block(
            [](void *context, phys_addr_t pa, unsigned block_order, frame_zone zone) {
                auto *wanted = static_cast<Search *>(context);
                if (block_order == wanted->order && zone == ZONE_DMA32) {
                    wanted->found = frame_of(pa);
                }
            },
            &search);
        EXPECT_NE(search.found, nullptr) << "no free block of order " << order;
        return *search.found;
    }

    address_space *space = nullptr;
};

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
    add_to_all(-1);
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

TEST_F(AuditTest, F2AFrameInTheWrongStateIsFound) {
    Corruption broken(frame_at(space, VA).state, FRAME_KERNEL);
    expect_findings({"F1", "F2"}, "which is kernel, not anonymous");
}

TEST_F(AuditTest, F2AFrameWhoseOwnerIsAnotherIsFound) {
    Corruption broken(frame_at(space, VA + PAGE_SIZE).owned.index, 7);
    expect_findings({"F2"}, "which is tagged otherwise");
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

TEST_F(AuditTest, T1AShareCountThatIsNotTheNumberOfEntriesIsFound) {
    Corruption broken(table_frame(space, VA, 0).table.share_count, 2);
    expect_findings({"T1"}, "page table frame");
}

TEST_F(AuditTest, T1AnEntryCountThatIsWrongIsFound) {
    Corruption broken(table_frame(space, VA, 0).table.entry_count, 3);
    expect_findings({"T1"}, "has 4 entries, its count says 3");
}

TEST_F(AuditTest, T1ATableThatBelongsToAnotherIsFound) {
    auto *kernels = const_cast<page_table *>(space_page_table(kernel_space()));
    Corruption broken(table_frame(space, VA, 0).table.owner, kernels);
    expect_findings({"T1"}, "belongs to another");
}

TEST_F(AuditTest, T1ATableEntryThatRefersToNoTableIsFound) {
    uint64_t raw = entry(space, VA, 1);
    uint64_t other = frame_address(&frame_at(space, VA)).value;
    Corruption broken(entry(space, VA, 1), (raw & ~0x000ffffffffff000) | other);
    expect_findings({"F2", "T1"}, "is no table frame");
}

TEST_F(AuditTest, T1ATableOfTheWrongLevelIsFound) {
    Corruption broken(table_frame(space, VA, 0).level, 1);
    expect_findings({"T1"}, "is of level 1, not 0");
}

TEST_F(AuditTest, P1AReservedBitIsFound) {
    Corruption broken(entry(space, VA), entry(space, VA) | 1ull << 51);
    expect_findings({"F2", "P1"}, "has reserved bits 0x8000000000000");
}

TEST_F(AuditTest, P2AParkedEntryThatPointsToMemoryIsFound) {
    uint64_t not_inverted = entry(space, VA) & ~1ull;
    Corruption broken(entry(space, VA), not_inverted);
    expect_findings({"F2", "P2"}, "the parked entry for 0x400000 points to memory");
}

TEST_F(AuditTest, S1AMappingOutsideOfEveryAreaIsFound) {
    auto *table = const_cast<page_table *>(space_page_table(space));
    struct virt_range range = virt_range(virt_addr(VA + 9 * PAGE_SIZE), 1);
    page_attributes attributes = {RIGHT_READ | RIGHT_USER, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(page_table_map(table, range, phys_addr(KERNEL_PA), attributes, 0), STATUS_OK);
    expect_findings({"S1"}, "0x409000 is mapped, but in no area");
    ASSERT_EQ(unmap(space, range.start.value, 1), STATUS_OK);
}

TEST_F(AuditTest, V1AMappingInAGuardIsFound) {
    Corruption broken(area_at(space, VA).kind, AREA_GUARD);
    expect_findings({"V1"}, "is mapped in data, which is a guard");
}

TEST_F(AuditTest, V1AMappingInAReservationIsFound) {
    Corruption broken(area_at(space, VA).kind, AREA_RESERVED);
    expect_findings({"V1"}, "is mapped in data, which is only reserved");
}

TEST_F(AuditTest, V1AreasThatOverlapAreFound) {
    Corruption broken(area_at(space, VA + 4 * PAGE_SIZE).range,
                      virt_range(virt_addr(VA + 3 * PAGE_SIZE), 2));
    expect_findings({"V1"}, "the area guard at 0x403000 overlaps the one before");
}

TEST_F(AuditTest, V1AnAreaInTheWrongHalfIsFound) {
    Corruption broken(area_at(space, VA + 4 * PAGE_SIZE).range,
                      virt_range(virt_addr(KERNEL_RANGES_BASE), 1));
    expect_findings({"V1"}, "is not in its half");
}

TEST_F(AuditTest, V2AnEntryThatGrantsMoreThanItsAreaIsFound) {
    Corruption broken(area_at(space, VA).attributes.rights, RIGHT_READ | RIGHT_USER);
    expect_findings({"V2"}, "0x400000 grants rights 0x2 that data does not");
}

TEST_F(AuditTest, V2AnotherCachePolicyThanTheAreasIsFound) {
    Corruption broken(area_at(space, VA).attributes.cache, CACHE_UNCACHED);
    expect_findings({"V2"}, "is not cached as data says");
}

TEST_F(AuditTest, S25K1AnEntryOfTheUpperHalfThatLetsUsersInIsFoundAtEveryLevel) {
    for (unsigned level : {0u, 1u, 2u}) {
        Corruption broken(entry(kernel_space(), DATA, level),
                          entry(kernel_space(), DATA, level) | 4);
        TextLog log;
        EXPECT_GE(audit_run(log.sink()).finding_count, 1);
        std::string part = "K1: the level " + std::to_string(level) + " entry";
        EXPECT_NE(log.text().find(part), std::string::npos) << log.text();
    }
}

TEST_F(AuditTest, K2WritableAndExecutableMemoryIsFound) {
    Corruption broken(entry(kernel_space(), DATA), entry(kernel_space(), DATA) & ~(1ull << 63));
    expect_findings({"K2", "K3", "V2"}, "is writable and executable");
}

TEST_F(AuditTest, K3TextThatIsWritableAtAnotherAddressIsFound) {
    void *address;
    phys_addr_t text = phys_addr(KERNEL_PA + 3 * PAGE_SIZE);
    ASSERT_EQ(kernel_range_map_device(text, 8, CACHE_WRITE_BACK, "alias", &address), STATUS_OK);
    expect_findings({"K3"}, "0x403000 is writable at 0xffffc00000001000");
    ASSERT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(AuditTest, K3TextThatALargeWritableLeafCoversIsFound) {
    /* The direct map as it would be without a hole for text: one large leaf. */
    uint64_t large = KERNEL_PA | 0x80 | 0x163 | 1ull << 63;
    Corruption broken(entry(kernel_space(), DIRECT_MAP_BASE + KERNEL_PA, 1), large);
    expect_findings({"K3", "T1"}, "0x400000 is writable at 0xffff800000400000");
}

TEST_F(AuditTest, K3ExecutableMemoryInTooManyPiecesToCompareIsReported) {
    struct virt_range range;
    ASSERT_EQ(kernel_range_reserve(32, PAGE_SIZE, "patches", &range), STATUS_OK);
    auto *table = const_cast<page_table *>(space_page_table(kernel_space()));
    page_attributes attributes = {RIGHT_READ | RIGHT_EXECUTE | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0};
    for (uint64_t i = 0; i < 32; i++) { /* backwards, so that no two pages are neighbours */
        struct virt_range page = virt_range(virt_add(range.start, i * PAGE_SIZE), 1);
        phys_addr_t pa = phys_addr(KERNEL_PA + (31 - i) * PAGE_SIZE);
        ASSERT_EQ(page_table_map(table, page, pa, attributes, 0), STATUS_OK);
    }
    ASSERT_EQ(kernel_range_adopt(range, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    expect_findings({"K3"}, "in more than 32 pieces");
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(AuditTest, S32K4ATableInLoaderMemoryIsFound) {
    phys_addr_t table = frame_address(&table_frame(space, VA, 0));
    ASSERT_EQ(audit_forbid_range(phys_addr(table.value + 8), 16, "the loader's stack"), STATUS_OK);
    expect_findings({"K4"}, "lies in the loader's stack");
    audit_forget();
    phys_addr_t root = space_page_table(kernel_space())->root;
    ASSERT_EQ(audit_forbid_range(root, PAGE_SIZE, "the loader's tables"), STATUS_OK);
    expect_findings({"K4"}, "kernel: the level 3 table");
}

TEST_F(AuditTest, S32K4AStackInLoaderMemoryIsFound) {
    struct virt_range stack;
    ASSERT_EQ(kernel_range_alloc(2, "stack", &stack), STATUS_OK);
    ASSERT_EQ(audit_add_live(stack.start, 2 * PAGE_SIZE, "the stack of init"), STATUS_OK);
    expect_sound();
    phys_addr_t second = frame_address(&frame_at(kernel_space(), stack.start.value + PAGE_SIZE));
    ASSERT_EQ(audit_forbid_range(second, PAGE_SIZE, "boot_info"), STATUS_OK);
    expect_findings({"K4"}, "the stack of init at 0xffffc00000002000 is in use, and lies in boot");
    ASSERT_EQ(kernel_range_free(stack.start), STATUS_OK);
}

TEST_F(AuditTest, K4ADescriptorTableThatIsNotMappedIsFound) {
    ASSERT_EQ(audit_add_live(virt_addr(0x7000), 0x100, "the GDT"), STATUS_OK);
    expect_findings({"K4"}, "the GDT at 0x7000 is in use, but not mapped");
}

TEST_F(AuditTest, MoreRangesThanCanBeKnownAreRefused) {
    for (int i = 0; i < 32; i++) {
        ASSERT_EQ(audit_forbid_range(phys_addr(0), PAGE_SIZE, "loader"), STATUS_OK);
    }
    EXPECT_EQ(audit_forbid_range(phys_addr(0), PAGE_SIZE, "loader"), STATUS_NO_MEMORY);
    for (int i = 0; i < 64; i++) {
        ASSERT_EQ(audit_add_live(virt_addr(TEXT), 1, "live"), STATUS_OK);
    }
    EXPECT_EQ(audit_add_live(virt_addr(TEXT), 1, "live"), STATUS_NO_MEMORY);
}

TEST_F(AuditTest, S54K5AKernelSlotThatIsAnotherInOneSpaceIsFound) {
    auto *root = static_cast<uint64_t *>(platform_phys_to_virt(space_page_table(space)->root));
    {
        Corruption stale(root[level_index(virt_addr(KERNEL_RANGES_BASE), 3)], 0);
        expect_findings({"K5", "T1"}, "init: root slot 384 holds 0x0");
    }
    {
        Corruption broken(root[300], 0x1003);
        expect_findings({"K5", "T1"}, "init: root slot 300 holds 0x1003, not 0x0");
    }
}

TEST_F(AuditTest, S54AnAccessedFlagIsNoDifference) {
    space_switch(space);
    EXPECT_TRUE(cpu().read(TEXT).succeeded());
    space_switch(kernel_space());
    expect_sound();
}

TEST_F(AuditTest, S06K5AnIdentityMappingThatWasNotDroppedIsFound) {
    auto *root =
        static_cast<uint64_t *>(platform_phys_to_virt(space_page_table(kernel_space())->root));
    Corruption left(root[0], 0x9003);
    expect_findings({"K5", "T1"}, "kernel: root slot 0 holds 0x9003, not 0x0");
}

} // namespace
