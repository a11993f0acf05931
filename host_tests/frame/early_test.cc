#include "mm/frame/early.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "host_tests/machine/machine_test.h"
#include "mm/frame/frame.h"

namespace {

/* No memory is touched: the early allocator knows addresses alone. */
class EarlyTest : public testing::Test {
  protected:
    EarlyTest() {
        begin({{0, 0x9f000, MEMORY_USABLE, 1},
               {0x100000, 0x100000, MEMORY_USABLE, 1},
               {0x200000, 0x10000, MEMORY_RESERVED, 1},
               {0x400000, 0x400000, MEMORY_USABLE, 1},
               {0x100000000, 0x10000, MEMORY_USABLE, 1}});
    }

    void begin(std::vector<memory_region> regions, uint64_t below = UINT64_MAX) {
        regions_ = std::move(regions);
        regions_.push_back({0x200000000, 0x10000, MEMORY_USABLE, 1}); // behind the map's end
        map_ = {regions_.data(), regions_.size() - 1, regions_.size()};
        early_begin(&map_, phys_addr(below));
    }

    /* The address, or 1 for STATUS_NO_MEMORY. */
    uint64_t alloc(uint64_t page_count = 1, uint64_t alignment = PAGE_SIZE) {
        phys_addr_t pa = phys_addr(1);
        status result = early_alloc(page_count, alignment, &pa);
        EXPECT_EQ(result, pa.value == 1 ? STATUS_NO_MEMORY : STATUS_OK);
        return pa.value;
    }

    void reserve(uint64_t start, uint64_t size_bytes) {
        EXPECT_EQ(early_reserve(phys_addr(start), size_bytes), STATUS_OK);
    }

  private:
    std::vector<memory_region> regions_;
    memory_map map_;
};

} // namespace

TEST_F(EarlyTest, HandsOutPagesUpwardsFromOneMebibyte) { // S20
    EXPECT_EQ(alloc(), 0x100000u);
    EXPECT_EQ(alloc(), 0x101000u);
    EXPECT_EQ(alloc(3), 0x102000u);
    EXPECT_EQ(alloc(), 0x105000u);
}

TEST_F(EarlyTest, RunsStayInOneRegion) {
    EXPECT_EQ(alloc(0x101), 0x400000u);
    EXPECT_EQ(alloc(0x100), 0x100000u);
    EXPECT_EQ(alloc(), 0x501000u);
}

TEST_F(EarlyTest, WhatAnAlignmentSkippedIsHandedOutLater) {
    EXPECT_EQ(alloc(), 0x100000u);
    EXPECT_EQ(alloc(1, 0x10000), 0x110000u);
    EXPECT_EQ(alloc(1, 0x200000), 0x400000u);
    EXPECT_EQ(alloc(0xf), 0x101000u);
    EXPECT_EQ(alloc(), 0x111000u);
}

TEST_F(EarlyTest, KeepsOutOfReservations) { // S76
    reserve(0x100000, 0x1000);
    reserve(0x102fff, 2);
    EXPECT_EQ(alloc(), 0x101000u);
    EXPECT_EQ(alloc(), 0x104000u);
}

TEST_F(EarlyTest, ReservationsMayOverlapTouchAndLieOutsideOfMemory) {
    reserve(0x100000, 0x3000);
    reserve(0x102000, 0x3000);
    reserve(0x105000, 0x1000);
    reserve(0x0, 0x100000);
    reserve(0x200000, 0x200000);
    reserve(UINT64_MAX - 0x800, UINT64_MAX);
    reserve(0x106000, 0);
    EXPECT_EQ(alloc(), 0x106000u);
}

TEST_F(EarlyTest, AReservationThatWrapsReachesToTheTop) {
    reserve(0x400000, UINT64_MAX);
    EXPECT_EQ(alloc(0x101), 1u);
    EXPECT_EQ(alloc(0x100), 0x100000u);
}

TEST_F(EarlyTest, AReservationThatSwallowsOthersLeavesOneEntry) {
    for (uint64_t i = 0; i < 20; i++) {
        reserve(0x100000 + i * 0x2000, 0x1000);
    }
    reserve(0x100000, 0x100000);
    EXPECT_EQ(alloc(), 0x400000u);
}

TEST_F(EarlyTest, WithTheTableOfReservationsFullNothingIsLost) {
    uint64_t at = 0x400000;
    while (early_reserve(phys_addr(at), 0x1000) == STATUS_OK) {
        at += 0x2000;
    }
    EXPECT_GE((at - 0x400000) / 0x2000, 16u);
    EXPECT_EQ(alloc(1, 0x200000), 1u); // would stand apart from all others
    EXPECT_EQ(alloc(), 1u);
    EXPECT_EQ(early_reserve(phys_addr(0x401000), 0x1000), STATUS_OK); // joins two
    EXPECT_EQ(alloc(), 0x100000u);
}

TEST_F(EarlyTest, StaysBelowWhatTheMachineCanReach) {
    begin({{0x100000, 0x2000, MEMORY_USABLE, 1}, {0x100000000, 0x10000, MEMORY_USABLE, 1}},
          0x100000000);
    EXPECT_EQ(alloc(2), 0x100000u);
    EXPECT_EQ(alloc(), 1u);
}

TEST_F(EarlyTest, OutOfMemoryIsAnErrorAndChangesNothing) { // S20, S24
    EXPECT_EQ(alloc(0x401), 1u);
    EXPECT_EQ(alloc(1, 1ull << 40), 1u);
    EXPECT_EQ(alloc(1ull << 40), 1u);
    EXPECT_EQ(alloc(0x400), 0x400000u);
    EXPECT_EQ(alloc(0x100), 0x100000u);
    EXPECT_EQ(alloc(0x10), 0x100000000u);
    EXPECT_EQ(alloc(), 1u);
    EXPECT_EQ(alloc(), 1u);
}

TEST_F(EarlyTest, ServesTheFrameAllocatorUntilTheArrayStands) {
    phys_addr_t pa;
    EXPECT_EQ(frame_alloc(FRAME_TABLE, ZONE_NORMAL, &pa), STATUS_OK);
    EXPECT_EQ(pa.value, 0x100000u);
    EXPECT_EQ(frame_alloc(FRAME_TABLE, ZONE_LOW, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(alloc(0xff), 0x101000u);
    EXPECT_EQ(alloc(0x400), 0x400000u);
    EXPECT_EQ(frame_alloc(FRAME_TABLE, ZONE_DMA32, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(frame_alloc(FRAME_TABLE, ZONE_NORMAL, &pa), STATUS_OK);
    EXPECT_EQ(pa.value, 0x100000000u);
}

TEST_F(EarlyTest, AFrameForADeviceIsWhereTheMachineCanReachItToo) {
    begin({{0x100000, 0x1000, MEMORY_USABLE, 1}, {0x400000, 0x10000, MEMORY_USABLE, 1}}, 0x400000);
    phys_addr_t pa;
    EXPECT_EQ(frame_alloc(FRAME_TABLE, ZONE_DMA32, &pa), STATUS_OK);
    EXPECT_EQ(pa.value, 0x100000u);
    EXPECT_EQ(frame_alloc(FRAME_TABLE, ZONE_DMA32, &pa), STATUS_NO_MEMORY);
}

TEST_F(EarlyTest, RefusesWhatOnlyAProgrammerCanAskFor) {
    phys_addr_t pa;
    EXPECT_CHECK_FAILS((void)early_alloc(0, PAGE_SIZE, &pa), "page_count > 0");
    EXPECT_CHECK_FAILS((void)early_alloc(1, 0x800, &pa), "alignment >= PAGE_SIZE");
    EXPECT_CHECK_FAILS((void)early_alloc(1, 0x3000, &pa), "alignment");
}

/* Against a model with a bit for each page. */

namespace {

constexpr uint64_t WORLD_PAGES = 0x800;

class EarlyModel {
  public:
    explicit EarlyModel(const std::vector<memory_region> &regions) : regions_(regions) {}

    /* The lowest place that early_alloc may give, or 0. */
    uint64_t find(uint64_t page_count, uint64_t alignment_pages) const {
        for (uint64_t page = 0x100; page < WORLD_PAGES; page += 1) {
            if (page % alignment_pages == 0 && is_free_run(page, page_count)) {
                return page;
            }
        }
        return 0;
    }

    void take(uint64_t first, uint64_t page_count) {
        for (uint64_t page = first; page < first + page_count; page++) {
            is_taken_.at(page) = true;
        }
    }

    unsigned taken_runs() const {
        unsigned runs = 0;
        for (uint64_t page = 0; page < WORLD_PAGES; page++) {
            runs += is_taken_[page] && (page == 0 || !is_taken_[page - 1]);
        }
        return runs;
    }

  private:
    bool is_free_run(uint64_t first, uint64_t page_count) const {
        for (const memory_region &region : regions_) {
            uint64_t end = (region.base + region.size_bytes) / PAGE_SIZE;
            if (region.type != MEMORY_USABLE || first < region.base / PAGE_SIZE ||
                first + page_count > end) {
                continue;
            }
            auto begin = is_taken_.begin() + static_cast<long>(first);
            return std::none_of(begin, begin + static_cast<long>(page_count),
                                [](bool is_taken) { return is_taken; });
        }
        return false;
    }

    std::vector<memory_region> regions_;
    std::vector<bool> is_taken_ = std::vector<bool>(WORLD_PAGES);
};

class EarlyModelTest : public EarlyTest {
  protected:
    void reserve_both(uint64_t first, uint64_t page_count) {
        EarlyModel before = model_;
        model_.take(first, page_count);
        if (early_reserve(phys_addr(first * PAGE_SIZE), page_count * PAGE_SIZE) != STATUS_OK) {
            EXPECT_EQ(model_.taken_runs(), EARLY_RUN_MAX + 1);
            model_ = before;
        }
    }

    void alloc_both(uint64_t page_count, uint64_t alignment_pages) {
        uint64_t expected = model_.find(page_count, alignment_pages);
        uint64_t got = alloc(page_count, alignment_pages * PAGE_SIZE);
        EarlyModel before = model_;
        model_.take(expected, expected == 0 ? 0 : page_count);
        if (got == 1) {
            EXPECT_TRUE(expected == 0 || model_.taken_runs() > EARLY_RUN_MAX);
            model_ = before;
        } else {
            EXPECT_EQ(got, expected * PAGE_SIZE);
        }
    }

    std::vector<memory_region> regions_ = {{0, 0x9f000, MEMORY_USABLE, 1},
                                           {0x100000, 0x200000, MEMORY_USABLE, 1},
                                           {0x300000, 0x10000, MEMORY_RESERVED, 1},
                                           {0x400000, 0x400000, MEMORY_USABLE, 1}};
    EarlyModel model_{regions_};
};

} // namespace

TEST_F(EarlyModelTest, AnyOrderOfReservationsAndAllocationsTakesTheLowestThatFits) {
    std::mt19937_64 random(3);
    for (int round = 0; round < 30; round++) {
        model_ = EarlyModel(regions_);
        begin(regions_);
        for (int i = 0; i < 150; i++) {
            if (random() % 3 == 0) {
                reserve_both(random() % (WORLD_PAGES - 20), 1 + random() % 20);
            } else {
                alloc_both(1 + random() % 30, uint64_t{1} << random() % 8);
            }
            ASSERT_FALSE(HasFailure()) << "round " << round << ", step " << i;
        }
    }
}
