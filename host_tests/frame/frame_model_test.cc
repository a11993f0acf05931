#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <map>

#include "host_tests/frame/frame_fixture.h"
#include "host_tests/models/model_run.h"

namespace {

constexpr unsigned WAVE_STEPS = 300; /* enough to fill the memory, or to empty it */

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

    uint64_t idle_steps = 0;

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
    void allocate_one(frame_state state, frame_zone zone);
    void allocate_block(frame_state state, frame_zone zone);
    void allocate_contiguous(frame_state state, frame_zone zone);
    void remember(phys_addr_t pa, const Allocation &allocation, frame_zone zone);
    bool overlaps_live(uint64_t page, uint64_t page_count) const;

    unsigned below(unsigned limit) {
        return static_cast<unsigned>(choices_.below(limit));
    }

    Choices choices_{model_seed()};
    unsigned steps_ = 0;
    std::map<uint64_t, Allocation> live_;
};

/* Where a request for `zone` may be served from. */
bool may_serve(frame_zone zone, frame_zone from) {
    return from == zone || (zone == ZONE_NORMAL && from == ZONE_DMA32);
}

/* A request is refused where no free block is large enough for it, and nowhere else. */
status expected_of(unsigned order, frame_zone zone) {
    bool has_block = std::ranges::any_of(free_blocks(), [&](const FreeBlock &block) {
        return block.order >= order && may_serve(zone, block.zone);
    });
    return has_block ? STATUS_OK : STATUS_NO_MEMORY;
}

/* In waves, so that memory is now nearly full, now nearly empty. */
void FrameModelTest::step() {
    bool is_wave_of_filling = steps_++ / WAVE_STEPS % 2 == 0;
    bool is_filling = below(100) < (is_wave_of_filling ? 90u : 10u);
    if (is_filling || live_.empty()) {
        allocate();
    } else {
        free_one();
    }
}

void FrameModelTest::allocate() {
    frame_zone zone = frame_zone(below(ZONE_COUNT));
    frame_state state = frame_state(FRAME_TABLE + below(4));
    switch (below(3)) {
    case 0:
        return allocate_one(state, zone);
    case 1:
        return allocate_block(state, zone);
    default:
        return allocate_contiguous(state, zone);
    }
}

void FrameModelTest::allocate_one(frame_state state, frame_zone zone) {
    phys_addr_t pa = {};
    status expected = expected_of(0, zone);
    ASSERT_EQ(frame_alloc(state, zone, &pa), expected);
    if (expected == STATUS_OK) {
        remember(pa, {1, state, true}, zone);
    }
}

void FrameModelTest::allocate_block(frame_state state, frame_zone zone) {
    unsigned order = below(6);
    phys_addr_t pa = {};
    status expected = expected_of(order, zone);
    ASSERT_EQ(frame_alloc_block(order, state, zone, &pa), expected);
    if (expected == STATUS_OK) {
        EXPECT_TRUE(is_aligned(pa.value, PAGE_SIZE << order));
        remember(pa, {uint64_t{1} << order, state, true}, zone);
    }
}

/* It is cut from the smallest block that has the size and the alignment. */
void FrameModelTest::allocate_contiguous(frame_state state, frame_zone zone) {
    uint64_t page_count = 1 + below(40);
    unsigned alignment_order = below(6);
    unsigned size_order = static_cast<unsigned>(std::bit_width(page_count - 1));
    phys_addr_t pa = {};
    status expected = expected_of(std::max(size_order, alignment_order), zone);
    ASSERT_EQ(frame_alloc_contiguous(page_count, PAGE_SIZE << alignment_order, state, zone, &pa),
              expected);
    if (expected == STATUS_OK) {
        EXPECT_TRUE(is_aligned(pa.value, PAGE_SIZE << alignment_order));
        remember(pa, {page_count, state, false}, zone);
    }
}

void FrameModelTest::remember(phys_addr_t pa, const Allocation &allocation, frame_zone zone) {
    uint64_t page = pa.value / PAGE_SIZE;
    EXPECT_TRUE(may_serve(zone, zone_by_page(page)));
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
