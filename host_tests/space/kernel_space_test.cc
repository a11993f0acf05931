#include "mm/space/kernel_space.h"

#include <gtest/gtest.h>

#include <array>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/frame/early.h"
#include "mm/space/address_space.h"

namespace {

using machine::Outcome;
using machine::Region;

constexpr uint8_t READ = RIGHT_READ;

std::array<uint64_t, 3> leaf_counts(const kernel_space_summary &summary) {
    return {summary.leaf_counts[0], summary.leaf_counts[1], summary.leaf_counts[2]};
}

using KernelSpaceTest = SpaceTest;

TEST_F(KernelSpaceTest, S42S43ACpuReachesTheSameByteThroughTheDirectMapAsTheKernelDoes) {
    pc().ram().store(0x1234560, 0x1122334455667788);
    EXPECT_EQ(cpu().read(DIRECT_MAP_BASE + 0x1234560).value, 0x1122334455667788u);
    EXPECT_TRUE(cpu().write(DIRECT_MAP_BASE + 0x1234560, 5).succeeded());
    EXPECT_EQ(pc().ram().load(0x1234560), 5u);
}

TEST_F(KernelSpaceTest, S32TheKernelImageIsWhereItWasLinkedWithTheRightsOfItsSections) {
    uint64_t text = KERNEL_IMAGE_BASE;
    uint64_t rodata = text + 16 * PAGE_SIZE;
    uint64_t data = text + 32 * PAGE_SIZE;
    EXPECT_EQ(cpu().execute(text).pa, KERNEL_PA);
    EXPECT_EQ(cpu().read(rodata).pa, KERNEL_PA + 16 * PAGE_SIZE);
    EXPECT_EQ(cpu().write(data, 1).pa, KERNEL_PA + 32 * PAGE_SIZE);
    EXPECT_FALSE(cpu().read(data + 16 * PAGE_SIZE).succeeded());
}

TEST_F(KernelSpaceTest, S33NothingIsWritableAndExecutable) {
    uint64_t text = KERNEL_IMAGE_BASE;
    EXPECT_FALSE(cpu().write(text, 1).succeeded());
    EXPECT_FALSE(cpu().write(text + 16 * PAGE_SIZE, 1).succeeded());
    EXPECT_FALSE(cpu().execute(text + 16 * PAGE_SIZE).succeeded());
    EXPECT_FALSE(cpu().execute(text + 32 * PAGE_SIZE).succeeded());
    EXPECT_FALSE(cpu().execute(DIRECT_MAP_BASE + MIB).succeeded());
}

TEST_F(KernelSpaceTest, S34TextAndRodataAreReadOnlyInTheDirectMapTooAndNothingBesideThem) {
    uint64_t image = DIRECT_MAP_BASE + KERNEL_PA;
    EXPECT_TRUE(cpu().write(image - 8, 1).succeeded());
    EXPECT_FALSE(cpu().write(image, 1).succeeded());
    EXPECT_FALSE(cpu().write(image + 32 * PAGE_SIZE - 8, 1).succeeded());
    EXPECT_TRUE(cpu().write(image + 32 * PAGE_SIZE, 1).succeeded());
    EXPECT_TRUE(cpu().read(image).succeeded());
}

TEST_F(KernelSpaceTest, S06TheIdentityMappingIsGone) {
    EXPECT_FALSE(cpu().read(0x1000).succeeded());
    EXPECT_FALSE(cpu().read(KERNEL_PA).succeeded());
    EXPECT_FALSE(cpu(1).read(KERNEL_PA).succeeded());
}

TEST_F(KernelSpaceTest, S30AHoleInRamIsAHoleInTheDirectMap) {
    EXPECT_TRUE(cpu().read(DIRECT_MAP_BASE + 0x9e000).succeeded());
    EXPECT_FALSE(cpu().read(DIRECT_MAP_BASE + 0x9f000).succeeded());
    EXPECT_FALSE(cpu().read(DIRECT_MAP_BASE + 0xff000).succeeded());
    EXPECT_FALSE(cpu().read(DIRECT_MAP_BASE + 32 * MIB).succeeded());
}

TEST_F(KernelSpaceTest, UsersReachNothingOfTheUpperHalf) {
    for (uint64_t va : {DIRECT_MAP_BASE + MIB, FRAME_ARRAY_BASE, KERNEL_IMAGE_BASE}) {
        EXPECT_TRUE(cpu().read(va).succeeded());
        EXPECT_FALSE(cpu().read(va, machine::Privilege::USER).succeeded());
    }
}

TEST_F(KernelSpaceTest, KernelMemoryStaysCachedWhenASpaceIsSwitchedTo) {
    address_space *space = create();
    cpu().read(KERNEL_IMAGE_BASE);
    size_t cached = cpu().cached_count();
    space_switch(space);
    EXPECT_GT(cpu().cached_count(), 0u);
    EXPECT_LE(cpu().cached_count(), cached);
    space_switch(kernel_space());
    destroy(space);
}

TEST_F(KernelSpaceTest, S50TheSummaryCountsWhatTheBootLogSays) {
    const kernel_space_summary &summary = boot().summary();
    EXPECT_EQ(summary.root.value, space_page_table(kernel_space())->root.value);
    EXPECT_EQ(summary.direct_map_bytes, 0x9f000 + 31 * MIB);
    EXPECT_EQ(leaf_counts(summary), (std::array<uint64_t, 3>{0x9f + 256 + 512, 14, 0}));
    EXPECT_EQ(summary.frame_array_bytes, 32 * MIB / PAGE_SIZE * 32);
}

TEST_F(KernelSpaceTest, S54EveryRegionsRootSlotIsThereBeforeTheFirstProcess) {
    const auto *root = static_cast<const uint64_t *>(
        platform_phys_to_virt(space_page_table(kernel_space())->root));
    for (uint64_t base :
         {DIRECT_MAP_BASE, KERNEL_RANGES_BASE, FRAME_ARRAY_BASE, KERNEL_IMAGE_BASE}) {
        EXPECT_NE(root[level_index(virt_addr(base), 3)], 0u) << std::hex << base;
    }
}

TEST_F(KernelSpaceTest, WhatLiesInTheArrayBehindTheMapsRegionsIsADevice) {
    const memory_map &map = boot().map();
    ASSERT_LT(map.count, map.capacity);
    map.regions[map.count] = {0xfed00000, PAGE_SIZE, MEMORY_USABLE, 1};
    void *address;
    ASSERT_EQ(kernel_range_map_device(phys_addr(0xfed00000), 8, CACHE_UNCACHED, "hpet", &address),
              STATUS_OK);
    ASSERT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

/* The way from power-on, step by step, on machines of the test's choice. */
class KernelBuildTest : public MachineTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0, 0x9f000}, {MIB, 31 * MIB}};
        return config;
    }

    void SetUp() override {
        MachineTest::SetUp();
        boot = std::make_unique<KernelBoot>(pc());
    }

    void TearDown() override {
        MachineTest::TearDown();
        boot.reset();
    }

    void begin() {
        boot->begin(firmware_memory_map(pc()));
    }

    /* The rights that the tables being built give, seen from outside. */
    std::optional<machine::Leaf> leaf_at(uint64_t va) {
        uint64_t root = boot->summary().root.value;
        return machine::peek(pc().ram(), pc().config().control, root, va);
    }

    /* With how many amounts of memory, from none on, the build says that it is too little. */
    unsigned count_failures(const std::vector<kernel_section> &sections) {
        unsigned failures = 0;
        for (uint64_t left = 0;; left++) {
            begin();
            /* All but `left` pages below the kernel's image and above it are kept for something
             * else.
             */
            uint64_t last = KERNEL_PA - left * PAGE_SIZE;
            EXPECT_EQ(early_reserve(phys_addr(MIB), last - MIB), STATUS_OK);
            EXPECT_EQ(early_reserve(phys_addr(KERNEL_PA), 28 * MIB), STATUS_OK);
            status result = boot->build(sections);
            if (result == STATUS_OK) {
                break;
            }
            EXPECT_EQ(result, STATUS_NO_MEMORY);
            failures++;
        }
        const auto *root =
            static_cast<const uint64_t *>(platform_phys_to_virt(boot->summary().root));
        EXPECT_NE(root[level_index(virt_addr(KERNEL_RANGES_BASE), 3)], 0u);
        return failures;
    }

    std::unique_ptr<KernelBoot> boot;
};

TEST_F(KernelBuildTest, S51BuildingLoadsNothing) {
    begin();
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_FALSE(cpu().is_translating());
    boot->start();
    EXPECT_TRUE(cpu().is_translating());
    EXPECT_EQ(cpu().root(), boot->summary().root.value);
}

TEST_F(KernelBuildTest, S30AnUnsortedOverlappingMapGivesTheSameDirectMap) {
    boot->begin({{16 * MIB, 16 * MIB, MEMORY_USABLE, 1},
                 {0x9f000, 0x61000, MEMORY_RESERVED, 1},
                 {MIB, 20 * MIB, MEMORY_USABLE, 1},
                 {24 * MIB, PAGE_SIZE, MEMORY_RESERVED, 1},
                 {0, MIB, MEMORY_USABLE, 1}});
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_TRUE(leaf_at(DIRECT_MAP_BASE + 20 * MIB));
    EXPECT_FALSE(leaf_at(DIRECT_MAP_BASE + 24 * MIB));
    EXPECT_TRUE(leaf_at(DIRECT_MAP_BASE + 24 * MIB + PAGE_SIZE));
    EXPECT_FALSE(leaf_at(DIRECT_MAP_BASE + 0x9f000));
}

TEST_F(KernelBuildTest, TheFirst2MAreInSmallLeavesEvenWithoutAHoleSinceMtrrsMayDisagreeThere) {
    boot->begin({{0, 32 * MIB, MEMORY_USABLE, 1}});
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE)->level, 0u);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + 2 * MIB - PAGE_SIZE)->level, 0u);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + 2 * MIB)->level, 1u);
}

TEST_F(KernelBuildTest, TwoRunsOfRamMayShareAPageOfTheFrameArray) {
    boot->begin({{0, 0x9f000, MEMORY_USABLE, 1},
                 {MIB, 31 * MIB, MEMORY_USABLE, 1},
                 {16 * MIB + 2 * PAGE_SIZE, PAGE_SIZE, MEMORY_RESERVED, 1}});
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    uint64_t shared = FRAME_ARRAY_BASE + 16 * MIB / PAGE_SIZE * 32;
    EXPECT_TRUE(leaf_at(shared));
    EXPECT_TRUE(leaf_at(shared + PAGE_SIZE));
}

TEST_F(KernelBuildTest, AcpiTablesInReclaimableMemoryCanBeReadThroughTheDirectMap) {
    boot->begin({{0, 0x9f000, MEMORY_USABLE, 1},
                 {MIB, 30 * MIB, MEMORY_USABLE, 1},
                 {31 * MIB, MIB, MEMORY_ACPI_RECLAIMABLE, 1}});
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_TRUE(leaf_at(DIRECT_MAP_BASE + 31 * MIB));
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + 30 * MIB)->level, 1u) << "one leaf spans both";
}

TEST_F(KernelBuildTest, AWritableAndExecutableSectionIsRefused) {
    begin();
    std::vector<kernel_section> sections = KernelBoot::sections();
    sections[0].rights |= RIGHT_WRITE;
    EXPECT_EQ(boot->build(sections), STATUS_INVALID);
}

TEST_F(KernelBuildTest, AnUnalignedSectionIsRefused) {
    begin();
    std::vector<kernel_section> sections = KernelBoot::sections();
    sections[1].pa.value += 0x10;
    EXPECT_EQ(boot->build(sections), STATUS_INVALID);
}

TEST_F(KernelBuildTest, ASectionForUsersIsRefused) {
    begin();
    std::vector<kernel_section> sections = KernelBoot::sections();
    sections[2].rights |= RIGHT_USER;
    EXPECT_EQ(boot->build(sections), STATUS_INVALID);
}

TEST_F(KernelBuildTest, S58ASectionOutsideOfTheImageRegionIsRefused) {
    begin();
    std::vector<kernel_section> sections = KernelBoot::sections();
    sections[2].range.start = virt_addr(KERNEL_RANGES_BASE);
    EXPECT_EQ(boot->build(sections), STATUS_INVALID);
    sections[2].range = {virt_addr(UINT64_MAX - PAGE_SIZE + 1), 2};
    EXPECT_EQ(boot->build(sections), STATUS_INVALID);
}

TEST_F(KernelBuildTest, SectionsInEachOthersWayAreRefused) {
    begin();
    std::vector<kernel_section> sections = KernelBoot::sections();
    sections[1].range.start = virt_addr(sections[1].range.start.value - PAGE_SIZE);
    EXPECT_EQ(boot->build(sections), STATUS_INVALID);
}

TEST_F(KernelBuildTest, TooManySectionsAreRefused) {
    begin();
    std::vector<kernel_section> sections;
    for (uint64_t i = 0; i < KERNEL_SECTION_MAX; i++) {
        virt_addr_t va = virt_addr(KERNEL_IMAGE_BASE + i * PAGE_SIZE);
        sections.push_back({"s", virt_range(va, 1), phys_addr(KERNEL_PA + i * PAGE_SIZE), READ});
    }
    EXPECT_EQ(boot->build(sections), STATUS_OK) << "as many as there may be";
    sections.push_back(sections.back());
    sections.back().range.start.value += PAGE_SIZE;
    begin();
    EXPECT_EQ(boot->build(sections), STATUS_INVALID);
}

TEST_F(KernelBuildTest, EverySectionCanBeRead) {
    begin();
    std::vector<kernel_section> sections = KernelBoot::sections();
    sections[2].rights = RIGHT_WRITE;
    ASSERT_EQ(boot->build(sections), STATUS_OK);
    vm_area area;
    ASSERT_TRUE(space_find_area(kernel_space(), sections[2].range.start, &area));
    EXPECT_EQ(area.attributes.rights, RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL);
}

TEST_F(KernelBuildTest, TheFrameArrayMakesDoWithScatteredPages) {
    begin();
    /* What is left are four islands of 40 pages; the array takes 64. */
    ASSERT_EQ(early_reserve(phys_addr(0), 8 * MIB), STATUS_OK);
    for (uint64_t island = 8 * MIB; island < 24 * MIB; island += 4 * MIB) {
        uint64_t end = island + 40 * PAGE_SIZE;
        uint64_t next = island < 20 * MIB ? island + 4 * MIB : 32 * MIB;
        ASSERT_EQ(early_reserve(phys_addr(end), next - end), STATUS_OK);
    }
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_TRUE(leaf_at(FRAME_ARRAY_BASE + PAGE_SIZE));
    EXPECT_TRUE(leaf_at(FRAME_ARRAY_BASE + 32 * MIB / PAGE_SIZE * 32 - PAGE_SIZE));
}

TEST_F(KernelBuildTest, S20TooLittleMemoryIsAnErrorAtEveryStepOfTheBuild) {
    unsigned whole = count_failures(KernelBoot::sections());
    EXPECT_GT(whole, 10u);
    EXPECT_LT(count_failures({}), whole) << "the image comes last";
}

TEST_F(KernelBuildTest, TheLastMegabyteThatTheDirectMapsRegionHoldsIsMapped) {
    uint64_t region_size = DIRECT_MAP_END - DIRECT_MAP_BASE;
    boot->begin({{0, 0x9f000, MEMORY_USABLE, 1},
                 {MIB, 31 * MIB, MEMORY_USABLE, 1},
                 {region_size - MIB, MIB, MEMORY_USABLE, 1}});
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_EQ(leaf_at(DIRECT_MAP_END - PAGE_SIZE)->pa, region_size - PAGE_SIZE);
}

TEST_F(KernelBuildTest, WhatLiesInTheArrayBehindTheMapsRegionsIsNoRam) {
    begin();
    const memory_map &map = boot->map();
    map.regions[map.count] = {32 * MIB, MIB, MEMORY_USABLE, 1};
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_TRUE(leaf_at(DIRECT_MAP_BASE + 32 * MIB - PAGE_SIZE));
    EXPECT_FALSE(leaf_at(DIRECT_MAP_BASE + 32 * MIB));
}

class HugeAddressTest : public KernelBuildTest {
  protected:
    machine::Config config() const override {
        machine::Config config = KernelBuildTest::config();
        config.control.phys_addr_bits = 52;
        return config;
    }
};

TEST_F(HugeAddressTest, RamBeyondTheDirectMapsRegionIsLeftOut) {
    uint64_t region_size = DIRECT_MAP_END - DIRECT_MAP_BASE;
    boot->begin({{0, 0x9f000, MEMORY_USABLE, 1},
                 {MIB, 31 * MIB, MEMORY_USABLE, 1},
                 {region_size, MIB, MEMORY_USABLE, 1}});
    EXPECT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_FALSE(leaf_at(DIRECT_MAP_END));
}

/* A PC of 6 GiB with the usual hole below 4 GiB, which starts at no large boundary. */
class LargeMachineTest : public KernelBuildTest {
  protected:
    static constexpr uint64_t HOLE = 3 * GIB + 5 * MIB + 3 * PAGE_SIZE;

    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0, 0x9f000}, {MIB, HOLE - MIB}, {4 * GIB, 3 * GIB}};
        config.control.has_1g_leaves = has_1g_leaves();
        return config;
    }

    virtual bool has_1g_leaves() const {
        return true;
    }
};

TEST_F(LargeMachineTest, S29TheDirectMapUsesTheLargestLeavesThatAlignmentAndRamAllow) {
    begin();
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + MIB)->level, 0u) << "below 2 MiB lie fixed MTRRs";
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + 512 * MIB)->level, 1u);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + GIB)->level, 2u);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + 2 * GIB)->level, 2u);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + 3 * GIB)->level, 1u);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + 6 * GIB)->level, 2u);
}

TEST_F(LargeMachineTest, S29TheTailBeforeAHoleIsMappedInSmallLeavesAndNotAByteFurther) {
    begin();
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + HOLE - PAGE_SIZE)->level, 0u);
    EXPECT_FALSE(leaf_at(DIRECT_MAP_BASE + HOLE));
    EXPECT_FALSE(leaf_at(DIRECT_MAP_BASE + 4 * GIB - PAGE_SIZE));
    EXPECT_FALSE(leaf_at(DIRECT_MAP_BASE + 7 * GIB));
}

TEST_F(LargeMachineTest, TheFrameArrayIsMappedInLargeLeavesAndOnlyWhereRamIs) {
    begin();
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    uint64_t bytes_per_gib = GIB / PAGE_SIZE * 32;
    EXPECT_EQ(leaf_at(FRAME_ARRAY_BASE + 2 * MIB)->level, 1u);
    EXPECT_FALSE(leaf_at(FRAME_ARRAY_BASE + 4 * bytes_per_gib - PAGE_SIZE));
    EXPECT_TRUE(leaf_at(FRAME_ARRAY_BASE + 4 * bytes_per_gib));
    EXPECT_TRUE(leaf_at(FRAME_ARRAY_BASE + 7 * bytes_per_gib - PAGE_SIZE));
    EXPECT_FALSE(leaf_at(FRAME_ARRAY_BASE + 7 * bytes_per_gib));
}

TEST_F(LargeMachineTest, TheFrameArrayStartsAsZeroes) {
    begin();
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    boot->start();
    for (uint64_t offset = 0; offset < 4 * MIB; offset += PAGE_SIZE) {
        EXPECT_EQ(cpu().read(FRAME_ARRAY_BASE + offset).value, 0u);
    }
}

class MachineWithout1gLeaves : public LargeMachineTest {
  protected:
    bool has_1g_leaves() const override {
        return false;
    }
};

TEST_F(MachineWithout1gLeaves, S29TheDirectMapMakesDoWith2MLeaves) {
    begin();
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    EXPECT_EQ(leaf_at(DIRECT_MAP_BASE + GIB)->level, 1u);
    EXPECT_EQ(boot->summary().leaf_counts[2], 0u);
}

/* A machine whose RAM the host sees at its physical address, as the loader's identity mapping lets
 * the kernel see it while it builds its tables. */
class IdentityMachineTest : public KernelBuildTest {
  protected:
    static constexpr uint64_t BASE = machine::Ram::IDENTITY_BASE;

    machine::Config config() const override {
        machine::Config config;
        config.ram = {{BASE, 32 * MIB}};
        config.identity = true;
        return config;
    }
};

TEST_F(IdentityMachineTest, S41TheSameBuildWorksThroughAnIdentityMapping) {
    boot->begin({{BASE, 32 * MIB, MEMORY_USABLE, 1}});
    ASSERT_EQ(early_reserve(phys_addr(BASE), KERNEL_PAGES * PAGE_SIZE), STATUS_OK);
    std::vector<kernel_section> sections = KernelBoot::sections();
    for (kernel_section &section : sections) {
        section.pa.value += BASE - KERNEL_PA;
    }
    ASSERT_EQ(boot->build(sections), STATUS_OK);
    boot->start();
    EXPECT_TRUE(cpu().execute(KERNEL_IMAGE_BASE).succeeded());
    EXPECT_EQ(cpu().read(DIRECT_MAP_BASE + BASE + 30 * MIB).pa, BASE + 30 * MIB);
    EXPECT_FALSE(cpu().read(BASE).succeeded());
}

class FiveLevelMachineTest : public KernelBuildTest {
  protected:
    machine::Config config() const override {
        machine::Config config = KernelBuildTest::config();
        config.control.levels = 5;
        return config;
    }
};

TEST_F(FiveLevelMachineTest, TheSameRegionsAreReachedOverFiveLevels) {
    begin();
    ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    boot->start();
    EXPECT_TRUE(cpu().read(DIRECT_MAP_BASE + 2 * MIB).succeeded());
    EXPECT_TRUE(cpu().execute(KERNEL_IMAGE_BASE).succeeded());
    EXPECT_FALSE(cpu().read(MIB).succeeded());
}

} // namespace
