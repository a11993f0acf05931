#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "host_tests/machine/machine_test.h"
#include "mm/frame/frame.h"
#include "mm/frame/memory_map.h"

/* The firmware's memory map of the machine: its RAM, and the BIOS area below 1 MiB as reserved. */
std::vector<memory_region> firmware_memory_map(const machine::Machine &pc);

/*
 * The way from power-on to a running frame allocator: first the early allocator alone, then the
 * frame array, which lies in host memory.
 */
class FrameBoot {
  public:
    explicit FrameBoot(machine::Machine &pc);
    ~FrameBoot();
    FrameBoot(const FrameBoot &) = delete;
    FrameBoot &operator=(const FrameBoot &) = delete;

    /* Sanitises the map and begins the early allocator. */
    void begin_early();

    /* Builds the frame array; the oracle knows free frames from here on. */
    void start_frames();

    const memory_map &map() const {
        return map_;
    }

  private:
    machine::Machine &pc_;
    std::vector<memory_region> regions_;
    memory_map map_ = {};
    void *array_ = nullptr;
    uint64_t array_bytes_ = 0;
};

/*
 * A pretend PC whose frame allocator runs. At the end of each test the audit passes, and every
 * frame is back that was free when counting began.
 */
class BootedMachineTest : public MachineTest {
  protected:
    void SetUp() override {
        MachineTest::SetUp();
        boot_ = std::make_unique<FrameBoot>(pc());
        boot_->begin_early();
        boot_with_early_allocator();
        boot_->start_frames();
        boot_with_frames();
        count_frames_from_here();
    }

    void TearDown() override {
        audit();
        drain();
        EXPECT_EQ(frame_count().by_state[FRAME_FREE], free_frames_at_start_)
            << "frames leaked (or were freed twice)";
        MachineTest::TearDown();
        boot_.reset();
    }

    /* For rooms above: build what the boot builds, which is never freed. */
    virtual void boot_with_early_allocator() {}
    virtual void boot_with_frames() {}

    /* For rooms above: check the invariants; give back what is only kept for speed. */
    virtual void audit() {}
    virtual void drain() {}

    /* What is taken later must be back at the end. */
    void count_frames_from_here() {
        free_frames_at_start_ = frame_count().by_state[FRAME_FREE];
    }

    FrameBoot &boot() {
        return *boot_;
    }

  private:
    std::unique_ptr<FrameBoot> boot_;
    uint64_t free_frames_at_start_ = 0;
};

/*
 * Takes frames until exactly `left` are free, for as long as it lives. Tests of running out of
 * memory use it instead of hooks in the allocator.
 */
class FrameDrought {
  public:
    explicit FrameDrought(uint64_t left);
    ~FrameDrought();
    FrameDrought(const FrameDrought &) = delete;
    FrameDrought &operator=(const FrameDrought &) = delete;

  private:
    std::vector<phys_addr_t> taken_;
};
