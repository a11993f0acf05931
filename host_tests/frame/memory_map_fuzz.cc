#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host_tests/frame/memory_map_oracle.h"

/* Ten bytes make an entry: two are scales that spread small numbers over the whole of 64 bits. */
namespace {

struct FuzzEntry {
    uint16_t base;
    uint16_t size;
    uint8_t base_scale;
    uint8_t size_scale;
    int8_t base_offset;
    int8_t size_offset;
    uint8_t type;
    uint8_t attributes;
};

memory_region region_of(const FuzzEntry &entry) {
    return {
        .base = (uint64_t{entry.base} << entry.base_scale % 52) + entry.base_offset,
        .size_bytes = (uint64_t{entry.size} << entry.size_scale % 52) + entry.size_offset,
        .type = entry.type % 8u,
        .attributes = entry.attributes < 240 ? 1u : 0u,
    };
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    std::vector<memory_region> raw;
    for (size_t at = 1; at + sizeof(FuzzEntry) <= size; at += sizeof(FuzzEntry)) {
        FuzzEntry entry;
        memcpy(&entry, data + at, sizeof entry);
        raw.push_back(region_of(entry));
    }
    unsigned phys_addr_bits = size == 0 ? 36 : 32 + data[0] % 21;
    SanitisedMap sanitised(raw, phys_addr_bits);
    MemoryMapOracle oracle(raw, phys_addr_bits);
    std::string fault = oracle.find_fault(sanitised.map, sanitised.status);
    if (!fault.empty()) {
        fprintf(stderr, "%s\n", fault.c_str());
        abort();
    }
    return 0;
}
