#include <gtest/gtest.h>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/space/address_space.h"

namespace {

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;

using SpaceDumpTest = SpaceTest;

TEST_F(SpaceDumpTest, S93AProcessIsDumpedInRunsOfPagesThatAreAlike) {
    address_space *space = create();
    ASSERT_EQ(map(space, 0x400000, 3, RIGHT_READ | RIGHT_EXECUTE, "init: text"), STATUS_OK);
    ASSERT_EQ(map(space, 0x403000, 1, RIGHT_READ, "init: rodata"), STATUS_OK);
    ASSERT_EQ(map(space, 0x600000, 512, READ_WRITE, "init: data"), STATUS_OK);
    ASSERT_EQ(map(space, 0x900000, 4, READ_WRITE, "heap"), STATUS_OK);
    ASSERT_EQ(populate(space, 0x900000, 4), STATUS_OK);
    ASSERT_EQ(protect(space, 0x901000, 2, RIGHT_NONE), STATUS_OK);
    ASSERT_EQ(populate(space, 0x400000, 4), STATUS_OK);
    ASSERT_EQ(populate(space, 0x600000, 512), STATUS_OK);
    ASSERT_EQ(guard(space, 0x7ffffffed000, 1, "stack guard"), STATUS_OK);
    ASSERT_EQ(map(space, 0x7ffffffee000, 17, READ_WRITE, "stack"), STATUS_OK);
    ASSERT_EQ(populate(space, 0x7fffffffd000, 2), STATUS_OK);
    EXPECT_EQ(dump(space),
              "0x0000000000000000-0x000000000000ffff    64 KiB  -----  --  --  null guard\n"
              "0x0000000000400000-0x0000000000402fff    12 KiB  r-xu-  WB  4K  init: text\n"
              "0x0000000000403000-0x0000000000403fff     4 KiB  r--u-  WB  4K  init: rodata\n"
              "0x0000000000600000-0x00000000007fffff     2 MiB  rw-u-  WB  4K  init: data\n"
              "0x0000000000900000-0x0000000000900fff     4 KiB  rw-u-  WB  4K  heap\n"
              "0x0000000000901000-0x0000000000902fff     8 KiB  -----  --  4K  heap (parked)\n"
              "0x0000000000903000-0x0000000000903fff     4 KiB  rw-u-  WB  4K  heap\n"
              "0x00007ffffffed000-0x00007ffffffedfff     4 KiB  -----  --  --  stack guard\n"
              "0x00007ffffffee000-0x00007fffffffcfff    60 KiB  -----  --  --  stack (unused)\n"
              "0x00007fffffffd000-0x00007fffffffefff     8 KiB  rw-u-  WB  4K  stack\n");
    destroy(space);
}

TEST_F(SpaceDumpTest, WhatIsUnusedIsToldFromWhatIsParkedAndFromWhatIsUsed) {
    address_space *space = create();
    ASSERT_EQ(map(space, 0x900000, 4, READ_WRITE, "heap"), STATUS_OK);
    ASSERT_EQ(populate(space, 0x901000, 2), STATUS_OK);
    ASSERT_EQ(protect(space, 0x900000, 2, RIGHT_NONE), STATUS_OK);
    EXPECT_EQ(dump(space),
              "0x0000000000000000-0x000000000000ffff    64 KiB  -----  --  --  null guard\n"
              "0x0000000000900000-0x0000000000900fff     4 KiB  -----  --  --  heap (unused)\n"
              "0x0000000000901000-0x0000000000901fff     4 KiB  -----  --  4K  heap (parked)\n"
              "0x0000000000902000-0x0000000000902fff     4 KiB  rw-u-  WB  4K  heap\n"
              "0x0000000000903000-0x0000000000903fff     4 KiB  -----  --  --  heap (unused)\n");
    destroy(space);
}

TEST_F(SpaceDumpTest, S93TheKernelIsDumpedWithItsLargeLeavesAndItsDevices) {
    struct virt_range stack;
    void *screen;
    ASSERT_EQ(kernel_range_alloc(4, "stack of init", &stack), STATUS_OK);
    ASSERT_EQ(kernel_range_map_device(phys_addr(0xfd000000), 0x3000, CACHE_WRITE_COMBINING,
                                      "framebuffer", &screen),
              STATUS_OK);
    EXPECT_EQ(dump(kernel_space()),
              "0xffff800000000000-0xffff80000009efff   636 KiB  rw--g  WB  4K  direct map\n"
              "0xffff800000100000-0xffff8000001fffff     1 MiB  rw--g  WB  4K  direct map\n"
              "0xffff800000200000-0xffff8000003fffff     2 MiB  rw--g  WB  2M  direct map\n"
              "0xffff800000400000-0xffff80000041ffff   128 KiB  r---g  WB  4K  direct map\n"
              "0xffff800000420000-0xffff8000005fffff  1920 KiB  rw--g  WB  4K  direct map\n"
              "0xffff800000600000-0xffff800001ffffff    26 MiB  rw--g  WB  2M  direct map\n"
              "0xffffc00000000000-0xffffc00000000fff     4 KiB  -----  --  --  stack of init\n"
              "0xffffc00000001000-0xffffc00000004fff    16 KiB  rw--g  WB  4K  stack of init\n"
              "0xffffc00000005000-0xffffc00000005fff     4 KiB  -----  --  --  stack of init\n"
              "0xffffc00000006000-0xffffc00000006fff     4 KiB  -----  --  --  framebuffer\n"
              "0xffffc00000007000-0xffffc00000009fff    12 KiB  rw--g  WC  4K  framebuffer\n"
              "0xffffc0000000a000-0xffffc0000000afff     4 KiB  -----  --  --  framebuffer\n"
              "0xffffe00000000000-0xffffe0000003ffff   256 KiB  rw--g  WB  4K  frame array\n"
              "0xffffffff80000000-0xffffffff8000ffff    64 KiB  r-x-g  WB  4K  text\n"
              "0xffffffff80010000-0xffffffff8001ffff    64 KiB  r---g  WB  4K  rodata\n"
              "0xffffffff80020000-0xffffffff8002ffff    64 KiB  rw--g  WB  4K  data\n");
    ASSERT_EQ(kernel_range_free(stack.start), STATUS_OK);
    ASSERT_EQ(kernel_range_unmap_device(screen), STATUS_OK);
}

TEST_F(SpaceDumpTest, S93EachCachePolicyHasAWord) {
    void *through;
    void *uncached;
    ASSERT_EQ(
        kernel_range_map_device(phys_addr(0xfd000000), 8, CACHE_WRITE_THROUGH, "log", &through),
        STATUS_OK);
    ASSERT_EQ(kernel_range_map_device(phys_addr(0xfed00000), 8, CACHE_UNCACHED, "hpet", &uncached),
              STATUS_OK);
    std::string text = dump(kernel_space());
    EXPECT_NE(text.find("rw--g  WT  4K  log\n"), std::string::npos) << text;
    EXPECT_NE(text.find("rw--g  UC  4K  hpet\n"), std::string::npos) << text;
    ASSERT_EQ(kernel_range_unmap_device(through), STATUS_OK);
    ASSERT_EQ(kernel_range_unmap_device(uncached), STATUS_OK);
}

TEST_F(SpaceDumpTest, S93NoUnitIsLargerThanATebibyte) {
    constexpr uint64_t TIB = 1ull << 40;
    address_space *space = create();
    ASSERT_EQ(guard(space, TIB, 2 * TIB / PAGE_SIZE, "far"), STATUS_OK);
    EXPECT_NE(dump(space).find("-0x000002ffffffffff     2 TiB  -----  --  --  far\n"),
              std::string::npos)
        << dump(space);
    destroy(space);
}

TEST_F(SpaceDumpTest, S93NeighboursThatAreAlikeButForTheirNamesAreTwoLines) {
    address_space *space = create();
    ASSERT_EQ(map(space, 0x400000, 1, READ_WRITE, "data"), STATUS_OK);
    ASSERT_EQ(map(space, 0x401000, 1, READ_WRITE, "heap"), STATUS_OK);
    ASSERT_EQ(populate(space, 0x400000, 2), STATUS_OK);
    std::string text = dump(space);
    EXPECT_NE(text.find("0x0000000000400fff     4 KiB  rw-u-  WB  4K  data\n"), std::string::npos);
    EXPECT_NE(text.find("0x0000000000401fff     4 KiB  rw-u-  WB  4K  heap\n"), std::string::npos)
        << text;
    destroy(space);
}

TEST_F(SpaceDumpTest, S93APageOfAnotherCachePolicyHasALineOfItsOwn) {
    address_space *space = create();
    ASSERT_EQ(map(space, 0x400000, 2, READ_WRITE, "data"), STATUS_OK);
    ASSERT_EQ(populate(space, 0x400000, 2), STATUS_OK);
    auto *table = const_cast<page_table *>(space_page_table(space));
    for (cache_policy cache : {CACHE_WRITE_THROUGH, CACHE_WRITE_BACK}) {
        page_attributes attributes = {READ_WRITE | RIGHT_USER, cache, 0};
        tlb_gather gather;
        tlb_gather_begin(&gather, table);
        EXPECT_EQ(page_table_protect(table, pages_at(0x401000, 1), attributes, &gather), STATUS_OK);
        tlb_gather_finish(&gather);
        bool has_line = dump(space).find("rw-u-  WT  4K  data\n") != std::string::npos;
        EXPECT_EQ(has_line, cache == CACHE_WRITE_THROUGH) << dump(space);
    }
    destroy(space);
}

TEST_F(SpaceDumpTest, S93ASpaceIsDumpedWhetherItIsCurrentOrNot) {
    address_space *space = create();
    ASSERT_EQ(map(space, 0x400000, 1, READ_WRITE), STATUS_OK);
    std::string before = dump(space);
    space_switch(space);
    EXPECT_EQ(dump(space), before);
    space_switch(kernel_space());
    destroy(space);
}

} // namespace
