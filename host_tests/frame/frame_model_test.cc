#include <gtest/gtest.h>

#include <map>

#include "host_tests/frame/frame_fixture.h"
#include "host_tests/models/model_run.h"

namespace {

/* What the allocator promised: every live allocation by its first page. */
struct Allocation {
    uint64_t page_count;
    frame_state state;
    bool is_block; /* freed as one */
};

class FrameModelTest : public FrameTest {
  public:
    void step();
    void check();

  protected:
    /* Small, so that it runs out; all zones; edges that no large block fits to. */
    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0x3000, 0x9c000}, {0x100000, 0xd7000}, {0xfff13000, 0x1ff000}};
        return config;
    }

    void free_everything();
    uint64_t live_pages() const;

  private:
    void allocate();
    void free_one();
    void remember(phys_addr_t pa, const Allocation &allocation, frame_zone zone);
    bool overlaps_live(uint64_t page, uint64_t page_count) const;

    unsigned below(unsigned limit) {
        return static_cast<unsigned>(choices_.below(limit));
    }

    Choices choices_{20261121};
    std::map<uint64_t, Allocation> live_;
};

void FrameModelTest::step() {
    /* In waves, so that memory is now nearly full, now nearly empty. */
    bool is_filling = below(100) < (below(2) == 0 ? 70u : 40u);
    if (is_filling || live_.empty()) {
        allocate();
    } else {
        free_one();
    }
}

void FrameModelTest::allocate() {
    frame_zone zone = frame_zone(below(ZONE_COUNT));
    frame_state state = frame_state(FRAME_TABLE + below(4));
    phys_addr_t pa = {};
    unsigned order = below(6);
    uint64_t page_count = 1 + below(40);
    switch (below(3)) {
    case 0:
        if (frame_alloc(state, zone, &pa) == STATUS_OK) {
            remember(pa, {1, state, true}, zone);
        } else {
            EXPECT_EQ(frame_count().free_by_zone[zone], 0u);
        }
        break;
    case 1:
        if (frame_alloc_block(order, state, zone, &pa) == STATUS_OK) {
            EXPECT_TRUE(is_aligned(pa.value, PAGE_SIZE << order));
            remember(pa, {uint64_t{1} << order, state, true}, zone);
        }
        break;
    case 2:
        if (frame_alloc_contiguous(page_count, PAGE_SIZE << order, state, zone, &pa) == STATUS_OK) {
            EXPECT_TRUE(is_aligned(pa.value, PAGE_SIZE << order));
            remember(pa, {page_count, state, false}, zone);
        }
        break;
    }
}

void FrameModelTest::remember(phys_addr_t pa, const Allocation &allocation, frame_zone zone) {
    uint64_t page = pa.value / PAGE_SIZE;
    frame_zone got = zone_by_page(page);
    EXPECT_TRUE(got == zone || (zone == ZONE_NORMAL && got == ZONE_DMA32));
    EXPECT_FALSE(overlaps_live(page, allocation.page_count));
    for (uint64_t i = 0; i < allocation.page_count; i++) {
        phys_addr_t each = phys_add(pa, i * PAGE_SIZE);
        EXPECT_TRUE(frame_exists(each));
        EXPECT_EQ(frame_of(each)->state, allocation.state);
        EXPECT_EQ(frame_of(each)->map_count, 0u);
    }
    live_[page] = allocation;
}

bool FrameModelTest::overlaps_live(uint64_t page, uint64_t page_count) const {
    auto next = live_.lower_bound(page);
    if (next != live_.end() && next->first < page + page_count) {
        return true;
    }
    return next != live_.begin() &&
           std::prev(next)->first + std::prev(next)->second.page_count > page;
}

void FrameModelTest::free_one() {
    auto chosen = std::next(live_.begin(), below(static_cast<unsigned>(live_.size())));
    auto [page, allocation] = *chosen;
    live_.erase(chosen);
    for (uint64_t i = 0; i < (allocation.is_block ? 1 : allocation.page_count); i++) {
        frame_free(phys_addr((page + i) * PAGE_SIZE));
    }
}

void FrameModelTest::check() {
    ASSERT_EQ(audit_free_blocks(), "");
    ASSERT_EQ(audit_frame_states(map()), "");
    ASSERT_EQ(frame_count().by_state[FRAME_FREE] + live_pages(), usable_pages());
}

void FrameModelTest::free_everything() {
    while (!live_.empty()) {
        free_one();
    }
}

uint64_t FrameModelTest::live_pages() const {
    uint64_t pages = 0;
    for (const auto &[page, allocation] : live_) {
        pages += allocation.page_count;
    }
    return pages;
}

} // namespace

TEST_F(FrameModelTest, AnyOrderOfAllocationsAndFreesKeepsTheInvariants) { // F1, F4
    take_steps<FrameModelTest>(*this, 1500);
    free_everything();
    EXPECT_EQ(frame_count().by_state[FRAME_FREE], usable_pages());
}
