#include <gtest/gtest.h>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/kernel_range_test.h"
#include "mm/addr/layout.h"
#include "mm/heap/heap.h"
#include "mm/space/address_space.h"
#include "mm/space/area.h"
#include "mm/space/kernel_space.h"

namespace {

constexpr page_attributes READ_WRITE = {RIGHT_READ | RIGHT_WRITE, CACHE_WRITE_BACK, 0};

TEST_F(KernelRangeTest, S75AnAllocatedRangeIsZeroedMemoryThatEveryCpuCanWrite) {
    struct virt_range range = alloc(3);
    uint64_t va = range.start.value;
    EXPECT_EQ(cpu().read(va + 2 * PAGE_SIZE).value, 0u);
    EXPECT_TRUE(cpu().write(va, 42).succeeded());
    EXPECT_EQ(cpu(1).read(va).value, 42u);
    EXPECT_FALSE(cpu().execute(va).succeeded());
    EXPECT_FALSE(cpu().read(va, machine::Privilege::USER).succeeded());
    release(range);
}

TEST_F(KernelRangeTest, S75TheFramesOfARangeNeedNotBeContiguous) {
    std::vector<phys_addr_t> all;
    phys_addr_t pa;
    while (frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa) == STATUS_OK) {
        all.push_back(pa);
    }
    std::erase_if(all, [](phys_addr_t taken) {
        bool is_even = (taken.value >> PAGE_SHIFT) % 2 == 0;
        if (is_even) {
            frame_free(taken);
        }
        return is_even;
    });
    struct virt_range range = alloc(100);
    release(range);
    for (phys_addr_t taken : all) {
        frame_free(taken);
    }
}

TEST_F(KernelRangeTest, S75AFreedRangeGivesBackEveryFrameAndIsForgottenByEveryCpu) {
    struct virt_range first = alloc(20);
    release(first); /* the page tables stay */
    heap_drain();
    uint64_t before = free_frames();
    struct virt_range range = alloc(20);
    EXPECT_EQ(range.start.value, first.start.value);
    cpu(1).write(range.start.value, 1);
    release(range);
    heap_drain();
    EXPECT_EQ(free_frames(), before);
    EXPECT_FALSE(cpu(1).read(range.start.value).succeeded());
}

TEST_F(KernelRangeTest, S70S80EveryRangeIsGuardedOnBothSides) {
    struct virt_range first = alloc(2, "stack of init");
    struct virt_range second = alloc(2, "stack of shell");
    EXPECT_GE(second.start.value, after(first) + 2 * PAGE_SIZE);
    for (struct virt_range range : {first, second}) {
        EXPECT_FALSE(cpu().write(range.start.value - 8, 1).succeeded());
        EXPECT_FALSE(cpu().write(after(range), 1).succeeded());
    }
    vm_area guard = area_at(second.start.value - 8);
    EXPECT_EQ(guard.kind, AREA_GUARD);
    EXPECT_STREQ(guard.name, "stack of shell");
    release(first);
    release(second);
}

TEST_F(KernelRangeTest, S70AFreedGapIsUsedAgainFirst) {
    struct virt_range a = alloc(4);
    struct virt_range b = alloc(4);
    struct virt_range c = alloc(4);
    release(b);
    struct virt_range large = alloc(5);
    EXPECT_GT(large.start.value, c.start.value);
    struct virt_range small = alloc(4);
    EXPECT_EQ(small.start.value, b.start.value);
    for (struct virt_range range : {a, c, large, small}) {
        release(range);
    }
}

TEST_F(KernelRangeTest, S71AReservationIsNotAMapping) {
    uint64_t before = free_frames();
    struct virt_range range = reserve(1000);
    EXPECT_LE(before - free_frames(), 1u) << "only areas, in a slab of the heap";
    EXPECT_FALSE(is_mapped(range.start.value));
    EXPECT_FALSE(cpu().read(range.start.value).succeeded());
    release(range);
}

TEST_F(KernelRangeTest, S72AReservationIsAlignedAsAsked) {
    struct virt_range a = reserve(1);
    struct virt_range b = reserve(512, level_size(1));
    EXPECT_TRUE(is_aligned(b.start.value, level_size(1)));
    release(a);
    release(b);
}

TEST_F(KernelRangeTest, S72AFullRegionIsOutOfMemory) {
    uint64_t all = (KERNEL_RANGES_END - KERNEL_RANGES_BASE) >> PAGE_SHIFT;
    struct virt_range range;
    EXPECT_EQ(kernel_range_reserve(all, PAGE_SIZE, "all", &range), STATUS_NO_MEMORY);
    struct virt_range most = reserve(all - 2);
    EXPECT_EQ(kernel_range_reserve(1, PAGE_SIZE, "one", &range), STATUS_NO_MEMORY);
    release(most);
}

TEST_F(KernelRangeTest, S76ARangeCanBeReservedWhereTheCallerSays) {
    struct virt_range range = pages(100, 8);
    EXPECT_EQ(kernel_range_reserve_at(range, "mine"), STATUS_OK);
    EXPECT_EQ(kernel_range_reserve_at(pages(107, 1), "inside"), STATUS_EXISTS);
    EXPECT_EQ(kernel_range_reserve_at(pages(108, 1), "beside"), STATUS_OK);
    release(pages(108, 1));
    release(range);
}

TEST_F(KernelRangeTest, S58OnlyTheRegionOfKernelRangesCanBeReservedAndTheWholeRangeIsChecked) {
    uint64_t all = (KERNEL_RANGES_END - KERNEL_RANGES_BASE) >> PAGE_SHIFT;
    struct virt_range ends_outside = pages(all - 1, 2);
    struct virt_range wraps = {virt_addr(KERNEL_RANGES_BASE), UINT64_MAX >> PAGE_SHIFT};
    struct virt_range user = {virt_addr(0x400000), 1};
    struct virt_range unaligned = {virt_addr(KERNEL_RANGES_BASE + 1), 1};
    struct virt_range empty = {virt_addr(KERNEL_RANGES_BASE), 0};
    for (struct virt_range range : {ends_outside, wraps, user, unaligned, empty}) {
        EXPECT_EQ(kernel_range_reserve_at(range, "bad"), STATUS_INVALID);
    }
}

TEST_F(KernelRangeTest, S74FillingOutsideOfAReservationIsAnErrorAndNotACrash) {
    struct virt_range range = reserve(4);
    struct virt_range sticks_out = virt_range(range.start, 5);
    EXPECT_EQ(kernel_range_fill(sticks_out, READ_WRITE), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_fill(pages(5000, 1), READ_WRITE), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_fill(pages_at(DIRECT_MAP_BASE, 1), READ_WRITE), STATUS_NOT_FOUND);
    release(range);
}

TEST_F(KernelRangeTest, S74APartlyFilledRangeIsFreedAsAWhole) {
    struct virt_range range = reserve(8);
    struct virt_range middle = virt_range(virt_add(range.start, 3 * PAGE_SIZE), 2);
    EXPECT_EQ(kernel_range_fill(middle, READ_WRITE), STATUS_OK);
    EXPECT_TRUE(cpu().write(middle.start.value, 1).succeeded());
    EXPECT_FALSE(cpu().write(range.start.value, 1).succeeded());
    release(range);
    EXPECT_FALSE(is_mapped(middle.start.value));
}

TEST_F(KernelRangeTest, FillingTwiceIsRefusedAndChangesNothing) {
    struct virt_range range = reserve(4);
    ASSERT_EQ(kernel_range_fill(virt_range(range.start, 2), READ_WRITE), STATUS_OK);
    cpu().write(range.start.value, 7);
    State before = state(kernel_space());
    EXPECT_EQ(kernel_range_fill(range, READ_WRITE), STATUS_EXISTS);
    EXPECT_TRUE(state(kernel_space()) == before);
    release(range);
}

TEST_F(KernelRangeTest, S33AFilledRangeMayBeReadOnlyButNeverExecutable) {
    struct virt_range range = reserve(3);
    struct virt_range first = virt_range(range.start, 1);
    struct virt_range second = virt_range(virt_add(range.start, PAGE_SIZE), 1);
    constexpr uint8_t WX = RIGHT_WRITE | RIGHT_EXECUTE;
    EXPECT_EQ(kernel_range_fill(first, {WX, CACHE_WRITE_BACK, 0}), STATUS_INVALID);
    EXPECT_EQ(kernel_range_fill(first, {RIGHT_EXECUTE, CACHE_WRITE_BACK, 0}), STATUS_INVALID);
    EXPECT_EQ(kernel_range_fill(first, {RIGHT_USER, CACHE_WRITE_BACK, 0}), STATUS_INVALID);
    EXPECT_EQ(kernel_range_fill(first, {RIGHT_NONE, CACHE_WRITE_BACK, 0}), STATUS_INVALID);
    EXPECT_EQ(kernel_range_fill(first, {RIGHT_READ, CACHE_UNCACHED, 0}), STATUS_INVALID);
    EXPECT_EQ(kernel_range_fill(first, {RIGHT_READ, CACHE_WRITE_BACK, 0}), STATUS_OK);
    EXPECT_EQ(kernel_range_fill(second, {RIGHT_WRITE, CACHE_WRITE_BACK, 0}), STATUS_OK);
    EXPECT_FALSE(cpu().write(first.start.value, 1).succeeded());
    EXPECT_TRUE(cpu().write(second.start.value, 1).succeeded());
    release(range);
}

TEST_F(KernelRangeTest, FreeingWhatIsNoRangeIsRefused) {
    struct virt_range range = alloc(2);
    EXPECT_EQ(kernel_range_free(virt_add(range.start, PAGE_SIZE)), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_free(virt_addr(range.start.value - PAGE_SIZE)), STATUS_NOT_FOUND)
        << "its guard";
    EXPECT_EQ(kernel_range_free(virt_addr(KERNEL_IMAGE_BASE)), STATUS_NOT_FOUND);
    EXPECT_EQ(kernel_range_free(virt_addr(DIRECT_MAP_BASE)), STATUS_NOT_FOUND);
    release(range);
    EXPECT_EQ(kernel_range_free(range.start), STATUS_NOT_FOUND) << "a second time";
}

TEST_F(KernelRangeTest, FreeingAnUnguardedRangeLeavesItsNeighboursGuardsAlone) {
    struct virt_range guarded = alloc(2);
    struct virt_range beside = pages_at(after(guarded) + PAGE_SIZE, 1);
    ASSERT_EQ(kernel_range_reserve_at(beside, "beside"), STATUS_OK);
    release(beside);
    EXPECT_EQ(area_at(after(guarded)).kind, AREA_GUARD);
    release(guarded);
}

TEST_F(KernelRangeTest, S77DeviceMemoryIsMappedWithItsOffsetIntoThePage) {
    void *address;
    ASSERT_EQ(kernel_range_map_device(phys_addr(0xfee00310), 8, CACHE_UNCACHED, "APIC", &address),
              STATUS_OK);
    auto va = reinterpret_cast<uint64_t>(address);
    EXPECT_EQ(va & (PAGE_SIZE - 1), 0x310u);
    EXPECT_EQ(cpu().read(va).pa, 0xfee00310u);
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
    EXPECT_FALSE(cpu().read(va).succeeded());
}

TEST_F(KernelRangeTest, S77DeviceMemoryThatCrossesAPageGetsBothPages) {
    void *address;
    ASSERT_EQ(kernel_range_map_device(phys_addr(0xfed00ffc), 8, CACHE_UNCACHED, "HPET", &address),
              STATUS_OK);
    auto va = reinterpret_cast<uint64_t>(address);
    EXPECT_EQ(cpu().read(align_up(va, PAGE_SIZE)).pa, 0xfed01000u);
    EXPECT_FALSE(cpu().read(align_up(va, PAGE_SIZE) + PAGE_SIZE).succeeded());
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(KernelRangeTest, S31AFramebufferIsWriteCombining) {
    void *address;
    ASSERT_EQ(kernel_range_map_device(phys_addr(0xfd000000), 800 * 600 * 4, CACHE_WRITE_COMBINING,
                                      "framebuffer", &address),
              STATUS_OK);
    translation found;
    ASSERT_EQ(space_translate(kernel_space(), virt_addr_of(address), &found), STATUS_OK);
    EXPECT_EQ(found.pa.value, 0xfd000000u);
    EXPECT_EQ(found.attributes.cache, CACHE_WRITE_COMBINING);
    auto leaf = machine::peek(pc().ram(), pc().config().control, cpu().root(),
                              reinterpret_cast<uint64_t>(address));
    EXPECT_EQ(leaf->memory_type, 1) << "the entry of the PAT that is write-combining";
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(KernelRangeTest, S77ImpossibleDeviceMemoryIsRefused) {
    void *address;
    auto map = [&](uint64_t pa, uint64_t size) {
        return kernel_range_map_device(phys_addr(pa), size, CACHE_UNCACHED, "device", &address);
    };
    EXPECT_EQ(map(0xfee00000, 0), STATUS_INVALID);
    EXPECT_EQ(map(UINT64_MAX - 4, 8), STATUS_INVALID) << "it wraps";
    EXPECT_EQ(map(1ull << 46, 8), STATUS_OUT_OF_RANGE) << "MAXPHYADDR is 46";
    EXPECT_EQ(map((1ull << 46) - 4, 8), STATUS_OUT_OF_RANGE) << "its last byte is above";
    EXPECT_EQ(map((1ull << 46) - 8, 8), STATUS_OK);
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(KernelRangeTest, RamIsNeverMappedWithAnotherPolicyThanTheDirectMaps) {
    void *address;
    auto map = [&](uint64_t pa, uint64_t size, cache_policy cache) {
        return kernel_range_map_device(phys_addr(pa), size, cache, "RAM", &address);
    };
    EXPECT_EQ(map(0x100000, 8, CACHE_UNCACHED), STATUS_INVALID);
    EXPECT_EQ(map(0xff000, 0x1001, CACHE_WRITE_COMBINING), STATUS_INVALID) << "its last byte";
    EXPECT_EQ(map(0x1ffffff, 2, CACHE_UNCACHED), STATUS_INVALID) << "its first byte";
    EXPECT_EQ(map(0xa0000, 0x60000, CACHE_UNCACHED), STATUS_OK) << "between two runs of RAM";
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
    EXPECT_EQ(map(KERNEL_PA + 32 * PAGE_SIZE, 8, CACHE_WRITE_BACK), STATUS_OK);
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(KernelRangeTest, RunningOutOfFramesWhileAllocatingChangesNothing) {
    struct virt_range range = {};
    unsigned needed = expect_all_or_nothing(
        kernel_space(), [&] { return kernel_range_alloc(10, "range", &range); });
    EXPECT_GE(needed, 10u + 2u) << "ten pages, a table and its directory, and the areas";
    release(range);
}

TEST_F(KernelRangeTest, RunningOutOfFramesWhileFillingAReservationChangesNothing) {
    struct virt_range range = reserve(514, level_size(1));
    struct virt_range part = virt_range(virt_add(range.start, 510 * PAGE_SIZE), 4);
    unsigned needed =
        expect_all_or_nothing(kernel_space(), [&] { return kernel_range_fill(part, READ_WRITE); });
    EXPECT_GE(needed, 4u + 2u) << "four pages, and two tables";
    release(range);
}

TEST_F(KernelRangeTest, RunningOutOfFramesWhileMappingADeviceChangesNothing) {
    void *address = nullptr;
    expect_all_or_nothing(kernel_space(), [&] {
        return kernel_range_map_device(phys_addr(0xfd000000), 4 * MIB, CACHE_UNCACHED, "device",
                                       &address);
    });
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_F(KernelRangeTest, RunningOutOfFramesWhileReservingChangesNothing) {
    struct virt_range range = {};
    expect_all_or_nothing(kernel_space(),
                          [&] { return kernel_range_reserve(3, PAGE_SIZE, "range", &range); });
    release(range);
    expect_all_or_nothing(kernel_space(),
                          [&] { return kernel_range_reserve_at(pages(50, 2), "range"); });
    release(pages(50, 2));
}

TEST_F(KernelRangeTest, RunningOutOfFramesBetweenARangesAreasChangesNothing) {
    struct virt_range other = reserve(1);
    std::vector<vm_area *> fillers = fill_slabs();
    heap_free(fillers.back()); /* room for one of the three areas */
    fillers.pop_back();
    struct virt_range range = {};
    unsigned needed = expect_all_or_nothing(
        kernel_space(), [&] { return kernel_range_reserve(3, PAGE_SIZE, "range", &range); });
    EXPECT_EQ(needed, 1u);
    release(range);
    release(other);
    free_fillers(fillers);
}

TEST_F(KernelRangeTest, MoreThanAllMemoryIsRefusedBeforeAnyOfItIsZeroed) {
    State before = state(kernel_space());
    struct virt_range range;
    EXPECT_EQ(kernel_range_alloc(1 << 20, "too much", &range), STATUS_NO_MEMORY);
    EXPECT_TRUE(state(kernel_space()) == before);
}

TEST_F(KernelRangeTest, ALongNameIsCut) {
    std::string name(100, 'x');
    struct virt_range range = alloc(1, name.c_str());
    EXPECT_EQ(area_at(range.start.value).name, std::string(AREA_NAME_SIZE_BYTES - 1, 'x'));
    release(range);
}

TEST_F(KernelRangeTest, NoCpuKeepsATranslationOfAFreedRangeThatItSpeculatedInto) {
    struct virt_range range = alloc(40);
    pc().speculate_at_every_chance(range.start.value, 40 * PAGE_SIZE);
    release(range); /* the machine compares its caches with the tables at its end */
}

TEST_F(KernelRangeTest, ADeviceMayBeOneByteRightBehindTheRamButNotNothing) {
    auto map_device = [](uint64_t pa, uint64_t size, cache_policy cache, void **address) {
        return kernel_range_map_device(phys_addr(pa), size, cache, "device", address);
    };
    constexpr uint64_t END_OF_RAM = 32 * MIB;
    void *address = &address;
    EXPECT_EQ(map_device(0, 0, CACHE_WRITE_BACK, &address), STATUS_INVALID);
    EXPECT_EQ(map_device(END_OF_RAM, 1ull << 50, CACHE_UNCACHED, &address), STATUS_NO_MEMORY);
    EXPECT_EQ(address, &address) << "it is not touched by what fails";
    ASSERT_EQ(map_device(END_OF_RAM, 1, CACHE_UNCACHED, &address), STATUS_OK);
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

} // namespace
