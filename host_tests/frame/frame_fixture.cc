#include "host_tests/frame/frame_fixture.h"

#include <sys/mman.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <stdexcept>

namespace {

uint64_t first_page(const memory_region &region) {
    return region.base / PAGE_SIZE;
}

uint64_t end_page(const memory_region &region) {
    return (region.base + region.size_bytes) / PAGE_SIZE;
}

std::vector<uint64_t> usable_pages_of(const memory_map &map) {
    std::vector<uint64_t> pages;
    for (size_t i = 0; i < map.count; i++) {
        const memory_region &region = map.regions[i];
        for (uint64_t page = first_page(region); page < end_page(region); page++) {
            if (region.type == MEMORY_USABLE) {
                pages.push_back(page);
            }
        }
    }
    return pages;
}

std::string describe(const FreeBlock &block, const char *fault) {
    std::ostringstream text;
    text << "the block of order " << block.order << " at page 0x" << std::hex << block.page << " "
         << fault;
    return text.str();
}

} // namespace

void FrameTest::SetUp() {
    MachineTest::SetUp();
    std::vector<memory_region> raw;
    for (const machine::Region &region : pc().config().ram) {
        raw.push_back({region.base, region.size_bytes, MEMORY_USABLE, MEMORY_ATTRIBUTE_ENABLED});
    }
    raw.push_back({NO_MEMORY, PAGE_SIZE, MEMORY_RESERVED, MEMORY_ATTRIBUTE_ENABLED});
    regions_.resize(2 * raw.size() + 1);
    map_ = {regions_.data(), 0, regions_.size()};
    ASSERT_EQ(
        memory_map_sanitise(raw.data(), raw.size(), platform_features()->phys_addr_bits, &map_),
        STATUS_OK);
    regions_.at(map_.count) = {BEHIND_THE_MAP, PAGE_SIZE, MEMORY_USABLE, MEMORY_ATTRIBUTE_ENABLED};
    early_begin(&map_, phys_addr(UINT64_MAX));
    boot_early();
    map_frame_array();
    frame_init(reinterpret_cast<struct frame *>(array_), &map_);
    pc().know_free_pages([](uint64_t pa) {
        return frame_exists(phys_addr(pa)) && frame_state_of(phys_addr(pa)) == FRAME_FREE;
    });
}

void FrameTest::map_frame_array() {
    array_bytes_ = frame_array_size_bytes(&map_);
    void *reserved = mmap(nullptr, align_up(array_bytes_, PAGE_SIZE), PROT_NONE,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (reserved == MAP_FAILED) {
        throw std::runtime_error("no host memory for the frame array");
    }
    array_ = static_cast<char *>(reserved);
    for (size_t i = 0; i < map_.count; i++) {
        const memory_region &region = map_.regions[i];
        if (region.type != MEMORY_USABLE) {
            continue;
        }
        uint64_t start = align_down(first_page(region) * sizeof(struct frame), PAGE_SIZE);
        uint64_t end = align_up(end_page(region) * sizeof(struct frame), PAGE_SIZE);
        if (mprotect(array_ + start, end - start, PROT_READ | PROT_WRITE) != 0) {
            throw std::runtime_error("the frame array cannot be mapped");
        }
    }
}

void FrameTest::TearDown() {
    EXPECT_EQ(audit_free_blocks(), "");
    EXPECT_EQ(audit_frame_states(map_), "");
    munmap(array_, align_up(array_bytes_, PAGE_SIZE));
    MachineTest::TearDown();
}

uint64_t FrameTest::usable_pages() const {
    return memory_map_total(&map_, MEMORY_USABLE) / PAGE_SIZE;
}

phys_addr_t alloc(frame_state state, frame_zone zone) {
    phys_addr_t pa = {};
    EXPECT_EQ(frame_alloc(state, zone, &pa), STATUS_OK);
    return pa;
}

phys_addr_t alloc_block(unsigned order, frame_zone zone) {
    phys_addr_t pa = {};
    EXPECT_EQ(frame_alloc_block(order, FRAME_KERNEL, zone, &pa), STATUS_OK);
    return pa;
}

uint64_t free_count() {
    return frame_count().by_state[FRAME_FREE];
}

std::vector<phys_addr_t> take_all(frame_zone zone) {
    std::vector<phys_addr_t> taken;
    phys_addr_t pa;
    while (frame_alloc(FRAME_ANON, zone, &pa) == STATUS_OK) {
        taken.push_back(pa);
    }
    return taken;
}

void free_all(const std::vector<phys_addr_t> &taken) {
    for (phys_addr_t pa : taken) {
        frame_free(pa);
    }
}

std::vector<FreeBlock> free_blocks() {
    std::vector<FreeBlock> blocks;
    frame_for_each_free_block(
        [](void *context, phys_addr_t pa, unsigned order, frame_zone zone) {
            static_cast<std::vector<FreeBlock> *>(context)->push_back(
                {pa.value / PAGE_SIZE, order, zone});
        },
        &blocks);
    return blocks;
}

frame_zone zone_by_page(uint64_t page) {
    if (page < 0x100) {
        return ZONE_LOW;
    }
    return page < 0x100000 ? ZONE_DMA32 : ZONE_NORMAL;
}

std::string audit_free_blocks() {
    std::vector<FreeBlock> blocks = free_blocks();
    std::ranges::sort(blocks, {}, &FreeBlock::page);
    std::set<std::tuple<uint64_t, unsigned>> by_place;
    uint64_t end = 0;
    uint64_t free_by_zone[ZONE_COUNT] = {};
    for (const FreeBlock &block : blocks) {
        uint64_t pages = uint64_t{1} << block.order;
        if (block.page % pages != 0) {
            return describe(block, "is not aligned");
        }
        if (block.page < end) {
            return describe(block, "overlaps another");
        }
        if (zone_by_page(block.page) != block.zone ||
            zone_by_page(block.page + pages - 1) != block.zone) {
            return describe(block, "is in the wrong zone");
        }
        end = block.page + pages;
        free_by_zone[block.zone] += pages;
        by_place.insert({block.page, block.order});
    }
    for (const FreeBlock &block : blocks) {
        uint64_t buddy = block.page ^ (uint64_t{1} << block.order);
        if (block.order < FRAME_ORDER_MAX && zone_by_page(buddy) == block.zone &&
            by_place.contains({buddy, block.order})) {
            return describe(block, "is apart from its free buddy");
        }
    }
    struct frame_counts counts = frame_count();
    bool is_counted = std::ranges::equal(counts.free_by_zone, free_by_zone);
    return is_counted ? "" : "the counts of free frames are wrong";
}

std::string audit_frame_states(const memory_map &map) {
    std::vector<FreeBlock> blocks = free_blocks();
    std::ranges::sort(blocks, {}, &FreeBlock::page);
    auto block = blocks.begin();
    uint64_t by_state[FRAME_STATE_COUNT] = {};
    for (uint64_t page : usable_pages_of(map)) {
        while (block != blocks.end() && block->page + (uint64_t{1} << block->order) <= page) {
            ++block;
        }
        bool is_in_block = block != blocks.end() && page >= block->page;
        frame_state state = frame_state_of(phys_addr(page * PAGE_SIZE));
        by_state[state]++;
        if ((state == FRAME_FREE) != is_in_block) {
            return "page " + std::to_string(page) + " has the wrong state";
        }
    }
    bool is_counted = std::ranges::equal(by_state, frame_count().by_state);
    return is_counted ? "" : "the counts by state are wrong";
}
