#include "host_tests/machine/booted_machine_test.h"

#include <sys/mman.h>

#include <stdexcept>

#include "mm/frame/early.h"

std::vector<memory_region> firmware_memory_map(const machine::Machine &pc) {
    std::vector<memory_region> map;
    for (const machine::Region &region : pc.config().ram) {
        map.push_back({region.base, region.size_bytes, MEMORY_USABLE, MEMORY_ATTRIBUTE_ENABLED});
    }
    map.push_back({0x9f000, 0x61000, MEMORY_RESERVED, MEMORY_ATTRIBUTE_ENABLED});
    return map;
}

FrameBoot::FrameBoot(machine::Machine &pc) : pc_(pc) {}

FrameBoot::~FrameBoot() {
    if (array_ != nullptr) {
        munmap(array_, array_bytes_);
    }
}

void FrameBoot::begin_early() {
    std::vector<memory_region> raw = firmware_memory_map(pc_);
    regions_.resize(2 * raw.size() + 1);
    map_ = {.regions = regions_.data(), .count = 0, .capacity = regions_.size()};
    unsigned bits = platform_features()->phys_addr_bits;
    if (memory_map_sanitise(raw.data(), raw.size(), bits, &map_) != STATUS_OK) {
        throw std::runtime_error("the pretend PC's memory map was refused");
    }
    early_begin(&map_, phys_addr(UINT64_MAX));
}

void FrameBoot::start_frames() {
    array_bytes_ = frame_array_size_bytes(&map_);
    array_ = mmap(nullptr, array_bytes_, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (array_ == MAP_FAILED) {
        throw std::runtime_error("no host memory for the frame array");
    }
    frame_init(static_cast<struct frame *>(array_), &map_);
    pc_.know_free_pages([](uint64_t pa) {
        return frame_exists(phys_addr(pa)) && frame_state_of(phys_addr(pa)) == FRAME_FREE;
    });
}

FrameDrought::FrameDrought(uint64_t left) {
    phys_addr_t pa;
    for (frame_zone zone : {ZONE_LOW, ZONE_NORMAL}) {
        while (frame_alloc(FRAME_KERNEL, zone, &pa) == STATUS_OK) {
            taken_.push_back(pa);
        }
    }
    for (uint64_t given_back = 0; given_back < left && !taken_.empty(); given_back++) {
        frame_free(taken_.back());
        taken_.pop_back();
    }
}

FrameDrought::~FrameDrought() {
    for (phys_addr_t pa : taken_) {
        frame_free(pa);
    }
}
