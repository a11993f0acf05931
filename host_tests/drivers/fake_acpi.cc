#include "host_tests/drivers/fake_acpi.h"

#include <algorithm>
#include <cstdlib>

namespace {

constexpr size_t HEADER_BYTES = 36;
constexpr size_t HEADER_CHECKSUM = 9;
constexpr uint64_t LOW_MEMORY_END = 0x100000;

} // namespace

FakeAcpiMemory::FakeAcpiMemory() : memory_{map, unmap, this} {}

FakeAcpiMemory::~FakeAcpiMemory() {
    for (auto &[mapped, copy] : live_) {
        delete[] copy;
    }
}

void FakeAcpiMemory::put(uint64_t pa, const Bytes &bytes) {
    for (size_t i = 0; i < bytes.size(); i++) {
        bytes_[pa + i] = bytes[i];
    }
}

// The first megabyte is always there; above it only what was put.
const void *FakeAcpiMemory::map(void *context, uint64_t pa, size_t size_bytes) {
    auto *self = static_cast<FakeAcpiMemory *>(context);
    self->largest_request_ = std::max(self->largest_request_, size_bytes);
    bool is_low = pa + size_bytes <= LOW_MEMORY_END;
    if (!is_low && (self->bytes_.count(pa) == 0 || self->bytes_.count(pa + size_bytes - 1) == 0)) {
        return nullptr;
    }
    auto *copy = new uint8_t[size_bytes]();
    for (auto at = self->bytes_.lower_bound(pa);
         at != self->bytes_.end() && at->first - pa < size_bytes; ++at) {
        copy[at->first - pa] = at->second;
    }
    self->live_[copy] = copy;
    return copy;
}

void FakeAcpiMemory::unmap(void *context, const void *mapped) {
    auto *self = static_cast<FakeAcpiMemory *>(context);
    auto at = self->live_.find(mapped);
    if (at == self->live_.end()) {
        abort();
    }
    delete[] at->second;
    self->live_.erase(at);
}

void put16(Bytes &table, size_t offset, uint16_t value) {
    table.at(offset) = static_cast<uint8_t>(value);
    table.at(offset + 1) = static_cast<uint8_t>(value >> 8);
}

void put32(Bytes &table, size_t offset, uint32_t value) {
    put16(table, offset, static_cast<uint16_t>(value));
    put16(table, offset + 2, static_cast<uint16_t>(value >> 16));
}

void put64(Bytes &table, size_t offset, uint64_t value) {
    put32(table, offset, static_cast<uint32_t>(value));
    put32(table, offset + 4, static_cast<uint32_t>(value >> 32));
}

void fix_checksum(Bytes &bytes, size_t size_bytes, size_t checksum_at) {
    bytes.at(checksum_at) = 0;
    uint8_t sum = 0;
    for (size_t i = 0; i < size_bytes; i++) {
        sum = static_cast<uint8_t>(sum + bytes.at(i));
    }
    bytes.at(checksum_at) = static_cast<uint8_t>(-sum);
}

Bytes make_table(const std::string &signature, const Bytes &body) {
    Bytes table(HEADER_BYTES);
    std::copy(signature.begin(), signature.end(), table.begin());
    table.insert(table.end(), body.begin(), body.end());
    put32(table, 4, static_cast<uint32_t>(table.size()));
    fix_checksum(table, table.size(), HEADER_CHECKSUM);
    return table;
}
