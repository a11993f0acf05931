#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "host_tests/machine/store_buffer.h"

namespace machine {

/* A run of physical memory. */
struct Region {
    uint64_t base;
    uint64_t size_bytes;
};

/*
 * Physical memory. It starts as garbage, and lies at a host address that differs from its physical
 * one, so that whoever uses a physical address as a pointer crashes. What is not RAM reads as ones
 * and swallows writes here, as on a bus, and crashes when reached through a pointer. Pages cost
 * nothing until they are written, so a machine may have terabytes.
 */
class Ram {
  public:
    /* `regions` are page-aligned. With `identity` the memory lies at its physical address on the
     * host, which works from IDENTITY_BASE for a gigabyte, under the sanitizers too. */
    Ram(std::vector<Region> regions, bool identity);
    ~Ram();
    Ram(const Ram &) = delete;
    Ram &operator=(const Ram &) = delete;

    static constexpr uint64_t IDENTITY_BASE = 0x40000000;

    const std::vector<Region> &regions() const {
        return regions_;
    }
    bool contains(uint64_t pa) const;

    /* Where the host sees `pa`, RAM or not. */
    uint8_t *at(uint64_t pa) const {
        return reinterpret_cast<uint8_t *>(offset_ + pa);
    }

    /* The physical address of a host pointer into RAM. */
    std::optional<uint64_t> address_of(const void *pointer) const;

    /* Naturally aligned 8 bytes, atomically, as a CPU does. */
    uint64_t load(uint64_t pa) const;
    void store(uint64_t pa, uint64_t value);

    /* Sets bits atomically; false where `expected` is no longer there. */
    bool set_bits(uint64_t pa, uint64_t expected, uint64_t bits);

    /* The same for one CPU, to which the stores of another may not be visible yet. */
    uint64_t load_as(unsigned cpu, uint64_t pa) const;
    void store_as(unsigned cpu, uint64_t pa, uint64_t value);
    bool set_bits_as(unsigned cpu, uint64_t pa, uint64_t expected, uint64_t bits);

    StoreBuffer stores;

  private:
    std::atomic_ref<uint64_t> word(uint64_t pa) const;

    std::vector<Region> regions_;
    uint64_t offset_ = 0; /* from a physical address to the host's */
    uint8_t *reservation_ = nullptr;
    uint64_t reservation_bytes_ = 0;
};

} // namespace machine
