#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "drivers/acpi.h"

using Bytes = std::vector<uint8_t>;

// Physical memory in pieces. Each mapping is a copy of exactly the bytes asked for, so that a
// parser that reads past them is caught by ASan, and one that forgets to unmap by live_mappings().
class FakeAcpiMemory {
  public:
    FakeAcpiMemory();
    ~FakeAcpiMemory();

    void put(uint64_t pa, const Bytes &bytes);
    const acpi_memory *memory() const {
        return &memory_;
    }
    size_t live_mappings() const {
        return live_.size();
    }
    size_t largest_request() const {
        return largest_request_;
    }

  private:
    static const void *map(void *context, uint64_t pa, size_t size_bytes);
    static void unmap(void *context, const void *mapped);

    std::map<uint64_t, uint8_t> bytes_;
    std::map<const void *, uint8_t *> live_;
    size_t largest_request_ = 0;
    acpi_memory memory_;
};

// Little-endian numbers into a table.
void put16(Bytes &table, size_t offset, uint16_t value);
void put32(Bytes &table, size_t offset, uint32_t value);
void put64(Bytes &table, size_t offset, uint64_t value);

// Makes bytes[0..size_bytes) sum to 0 by changing the byte at `checksum_at`.
void fix_checksum(Bytes &bytes, size_t size_bytes, size_t checksum_at);

// A table with its header in order around `body`.
Bytes make_table(const std::string &signature, const Bytes &body);
