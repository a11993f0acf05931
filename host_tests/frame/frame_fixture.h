#pragma once

#include <map>
#include <string>
#include <vector>

#include "host_tests/machine/machine_test.h"
#include "mm/frame/early.h"
#include "mm/frame/frame.h"

/*
 * A pretend PC with the frame room alone, brought up as the kernel does it. Pages of the frame
 * array that stand for holes are not mapped, so whoever reads the frame of a hole crashes.
 */
class FrameTest : public MachineTest {
  protected:
    /* 32 MiB, and half a MiB on each side of 4 GiB: every zone, and a hole before each. */
    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0, 0x9f000}, {0x100000, 0x1f00000}, {0xfff80000, 0x100000}};
        return config;
    }

    /* What the boot takes before the frame array stands; for fixtures to override. */
    virtual void boot_early() {}

    /* What the map says last, and what stands in its array behind its end. */
    static constexpr uint64_t NO_MEMORY = 0x200000000;
    static constexpr uint64_t BEHIND_THE_MAP = 0x240000000;

    void SetUp() override;
    void TearDown() override;

    uint64_t usable_pages() const;
    const memory_map &map() const {
        return map_;
    }

  private:
    void map_frame_array();

    std::vector<memory_region> regions_;
    memory_map map_ = {};
    char *array_ = nullptr;
    uint64_t array_bytes_ = 0;
};

/* Allocations that must succeed. */
phys_addr_t alloc(frame_state state = FRAME_ANON, frame_zone zone = ZONE_NORMAL);
phys_addr_t alloc_block(unsigned order, frame_zone zone = ZONE_NORMAL);

/* All frames that a request for `zone` can get. */
std::vector<phys_addr_t> take_all(frame_zone zone);
void free_all(const std::vector<phys_addr_t> &taken);

uint64_t free_count();

struct FreeBlock {
    uint64_t page;
    unsigned order;
    frame_zone zone;
};

std::vector<FreeBlock> free_blocks();
frame_zone zone_by_page(uint64_t page);

/* Checks F4 and the counts from the free lists; what is wrong, or an empty text. */
std::string audit_free_blocks();

/* Checks F1: that of `usable` pages of `map` those in a free block, and no others, are FREE. */
std::string audit_frame_states(const memory_map &map);
