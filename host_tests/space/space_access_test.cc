#include <gtest/gtest.h>

#include <numeric>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/space/address_space.h"
#include "mm/space/zero_page.h"

namespace {

using machine::Privilege;

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t VA = SPACE_IMAGE_BASE;

class SpaceAccessTest : public SpaceTest {
  protected:
    void SetUp() override {
        SpaceTest::SetUp();
        space = create();
        std::iota(data.begin(), data.end(), 1);
    }

    void TearDown() override {
        destroy(space);
        SpaceTest::TearDown();
    }

    status write(uint64_t va, size_t size) {
        return space_write(space, virt_addr(va), data.data(), size, &done);
    }
    status write_initial(uint64_t va, size_t size) {
        return space_write_initial(space, virt_addr(va), data.data(), size, &done);
    }
    status read(uint64_t va, size_t size) {
        return space_read(space, virt_addr(va), copy.data(), size, &done);
    }

    address_space *space = nullptr;
    std::vector<uint8_t> data = std::vector<uint8_t>(3 * PAGE_SIZE);
    std::vector<uint8_t> copy = std::vector<uint8_t>(3 * PAGE_SIZE);
    size_t done = 99;
};

TEST_F(SpaceAccessTest, WhatIsWrittenToASpaceIsWhatItsCpuReads) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(write(VA + 8, 8), STATUS_OK);
    EXPECT_EQ(done, 8u);
    space_switch(space);
    EXPECT_EQ(cpu().read(VA + 8, Privilege::USER).value, 0x0807060504030201u);
    space_switch(kernel_space());
}

TEST_F(SpaceAccessTest, ACopyCrossesPagesThatAreNotContiguousInMemory) {
    ASSERT_EQ(map(space, VA + PAGE_SIZE, 1, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    ASSERT_EQ(map(space, VA + 2 * PAGE_SIZE, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(write(VA + 100, 2 * PAGE_SIZE + 50), STATUS_OK);
    EXPECT_EQ(read(VA + 100, 2 * PAGE_SIZE + 50), STATUS_OK);
    EXPECT_EQ(done, 2 * PAGE_SIZE + 50);
    EXPECT_TRUE(std::equal(copy.begin(), copy.begin() + 2 * PAGE_SIZE + 50, data.begin()));
}

TEST_F(SpaceAccessTest, ACopyStopsAtTheFirstPageThatIsNotMappedAndSaysHowFarItCame) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(write(VA + PAGE_SIZE - 10, 20), STATUS_FAULT);
    EXPECT_EQ(done, 10u);
    EXPECT_EQ(read(VA - 10, 20), STATUS_FAULT);
    EXPECT_EQ(done, 0u);
}

TEST_F(SpaceAccessTest, ReadOnlyMemoryIsWrittenOnlyInitially) {
    ASSERT_EQ(map(space, VA, 1, RIGHT_READ | RIGHT_EXECUTE), STATUS_OK);
    EXPECT_EQ(write(VA, 8), STATUS_FAULT);
    EXPECT_EQ(done, 0u);
    EXPECT_EQ(write_initial(VA, 8), STATUS_OK);
    EXPECT_EQ(read(VA, 8), STATUS_OK);
    EXPECT_EQ(copy[7], 8);
}

TEST_F(SpaceAccessTest, TheAreaDecidesEvenWhereTheEntryGrantsMore) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    auto set_rights = [](void *context, const vm_area *area) {
        if (area->kind == AREA_ANON) {
            const_cast<vm_area *>(area)->attributes.rights = *static_cast<uint8_t *>(context);
        }
        return true;
    };
    uint8_t rights = RIGHT_READ | RIGHT_USER;
    space_for_each_area(space, set_rights, &rights);
    EXPECT_EQ(write(VA, 8), STATUS_FAULT);
    EXPECT_EQ(read(VA, 8), STATUS_OK);
    rights = READ_WRITE | RIGHT_USER;
    space_for_each_area(space, set_rights, &rights);
}

TEST_F(SpaceAccessTest, AnEntryThatGrantsLessThanItsAreaIsGrantedTheRest) {
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    ASSERT_EQ(write(VA, 8), STATUS_OK);
    auto *table = const_cast<page_table *>(space_page_table(space));
    page_attributes read_only = {RIGHT_READ | RIGHT_USER, CACHE_WRITE_BACK, 0};
    tlb_gather gather;
    tlb_gather_begin(&gather, table);
    EXPECT_EQ(page_table_protect(table, pages_at(VA, 1), read_only, &gather), STATUS_OK);
    tlb_gather_finish(&gather);
    EXPECT_EQ(write(VA, 8), STATUS_OK);
    EXPECT_EQ(read(VA, 8), STATUS_OK);
}

TEST_F(SpaceAccessTest, MemoryWithoutRightsIsReachedByTheLoaderAlone) {
    ASSERT_EQ(map(space, VA, 1, RIGHT_NONE), STATUS_OK);
    EXPECT_EQ(write(VA, 1), STATUS_FAULT);
    EXPECT_EQ(write_initial(VA, 1), STATUS_OK);
    EXPECT_EQ(write_initial(VA + 1, 1), STATUS_OK) << "the page is there already";
    EXPECT_EQ(read(VA, 1), STATUS_FAULT);
}

TEST_F(SpaceAccessTest, WhatTheLoaderWritesIsNotWrittenToThePageOfZeroes) {
    ASSERT_EQ(map(space, VA, 2, RIGHT_READ), STATUS_OK);
    EXPECT_EQ(read(VA, 2 * PAGE_SIZE), STATUS_OK);
    EXPECT_EQ(write_initial(VA, 8), STATUS_OK);
    EXPECT_EQ(read(VA + PAGE_SIZE, 8), STATUS_OK);
    const auto *zeroes = static_cast<const uint64_t *>(platform_phys_to_virt(zero_page()));
    EXPECT_EQ(zeroes[0], 0u);
}

TEST_F(SpaceAccessTest, GuardsAreNotReached) {
    ASSERT_EQ(guard(space, VA + PAGE_SIZE, 1, "guard"), STATUS_OK);
    EXPECT_EQ(read(VA + PAGE_SIZE, 1), STATUS_FAULT);
    EXPECT_EQ(write_initial(VA + PAGE_SIZE, 1), STATUS_FAULT);
    EXPECT_EQ(read(0, 1), STATUS_FAULT);
}

TEST_F(SpaceAccessTest, KernelMemoryIsNotReachedThroughAUserSpaceNorIsAnAddressThatWraps) {
    EXPECT_EQ(read(KERNEL_IMAGE_BASE, 1), STATUS_FAULT);
    EXPECT_EQ(write_initial(DIRECT_MAP_BASE + 0x100000, 1), STATUS_FAULT);
    EXPECT_EQ(read(UINT64_MAX - 1, 8), STATUS_FAULT);
    EXPECT_EQ(read(0x0000800000000000, 8), STATUS_FAULT) << "not canonical";
    ASSERT_EQ(map(space, USER_END - PAGE_SIZE, 1, READ_WRITE), STATUS_OK);
    EXPECT_EQ(read(USER_END - 8, 16), STATUS_FAULT);
    EXPECT_EQ(done, 8u);
}

TEST_F(SpaceAccessTest, NothingIsAlwaysAllowed) {
    EXPECT_EQ(read(KERNEL_IMAGE_BASE, 0), STATUS_OK);
    EXPECT_EQ(done, 0u);
    EXPECT_EQ(space_read(space, virt_addr(0), nullptr, 0, nullptr), STATUS_OK);
}

TEST_F(SpaceAccessTest, S40TranslationIsAStatusSinceAddressZeroIsAnAddress) {
    translation found = {};
    EXPECT_EQ(space_translate(space, virt_addr(VA), &found), STATUS_FAULT);
    ASSERT_EQ(space_translate(kernel_space(), virt_addr(DIRECT_MAP_BASE), &found), STATUS_OK);
    EXPECT_EQ(found.pa.value, 0u);
    EXPECT_EQ(found.level, 0u);
    ASSERT_EQ(space_translate(kernel_space(), virt_addr(DIRECT_MAP_BASE + 0x654321), &found),
              STATUS_OK);
    EXPECT_EQ(found.pa.value, 0x654321u);
    EXPECT_EQ(found.level, 1u);
    EXPECT_EQ(found.attributes.rights, READ_WRITE | RIGHT_GLOBAL);
    EXPECT_EQ(space_translate(space, virt_addr(0x0000800000000000), &found), STATUS_FAULT);
    uint64_t not_canonical = DIRECT_MAP_BASE - (1ull << 60);
    EXPECT_EQ(space_translate(kernel_space(), virt_addr(not_canonical), &found), STATUS_FAULT);
}

TEST_F(SpaceAccessTest, S40TheOffsetIntoThePageIsKept) {
    ASSERT_EQ(map(space, VA, 2, RIGHT_READ), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 2), STATUS_OK);
    translation first;
    translation byte;
    ASSERT_EQ(space_translate(space, virt_addr(VA + PAGE_SIZE), &first), STATUS_OK);
    ASSERT_EQ(space_translate(space, virt_addr(VA + PAGE_SIZE + 0x123), &byte), STATUS_OK);
    EXPECT_EQ(byte.pa.value, first.pa.value + 0x123);
    EXPECT_EQ(byte.attributes.rights, RIGHT_READ | RIGHT_USER);
    EXPECT_EQ(byte.attributes.cache, CACHE_WRITE_BACK);
}

} // namespace
