#include "host_tests/frame/memory_map_oracle.h"

#include <algorithm>
#include <sstream>

#include "mm/addr/addr.h"

namespace {

using Wide = unsigned __int128; // byte positions that do not wrap

constexpr unsigned DIRECT_MAP_BITS = 46;

/* The order of memory_map.h; the later one wins. */
int rank(memory_type type) {
    switch (type) {
    case MEMORY_USABLE:
        return 0;
    case MEMORY_ACPI_RECLAIMABLE:
        return 1;
    case MEMORY_ACPI_NVS:
        return 2;
    case MEMORY_RESERVED:
        return 3;
    case MEMORY_BAD:
        return 4;
    }
    return 3;
}

memory_type meaning_of(uint32_t type) {
    return type >= 1 && type <= 5 ? memory_type(type) : MEMORY_RESERVED;
}

/* What one entry says of one page. */
std::optional<memory_type> claim(const memory_region &entry, uint64_t page) {
    Wide first = entry.base;
    Wide end = first + entry.size_bytes;
    Wide page_first = Wide{page} * PAGE_SIZE;
    Wide page_end = page_first + PAGE_SIZE;
    bool wraps = end > UINT64_MAX;
    memory_type type = meaning_of(entry.type);
    if ((entry.attributes & 1) == 0 || (wraps && type == MEMORY_USABLE)) {
        return std::nullopt;
    }
    bool whole = first <= page_first && page_end <= end;
    bool part = first < page_end && page_first < end && entry.size_bytes > 0;
    return (type == MEMORY_USABLE ? whole : part) ? std::optional(type) : std::nullopt;
}

std::optional<memory_type> type_in_map(const memory_map &map, uint64_t page) {
    for (size_t i = 0; i < map.count; i++) {
        uint64_t first = map.regions[i].base / PAGE_SIZE;
        if (page >= first && page - first < map.regions[i].size_bytes / PAGE_SIZE) {
            return memory_type(map.regions[i].type);
        }
    }
    return std::nullopt;
}

/* Sorted, disjoint, not empty, whole pages, of known type, merged. */
std::string find_fault_in_form(const memory_map &map) {
    uint64_t end = 0;
    uint32_t type = 0;
    for (size_t i = 0; i < map.count; i++) {
        const memory_region &region = map.regions[i];
        if (region.size_bytes == 0 || region.base % PAGE_SIZE != 0 ||
            region.size_bytes % PAGE_SIZE != 0) {
            return "region " + std::to_string(i) + " is not whole pages";
        }
        if (region.base < end || (i > 0 && region.base == end && region.type == type)) {
            return "region " + std::to_string(i) + " overlaps, is unsorted or unmerged";
        }
        if (region.type < 1 || region.type > 5 || (region.attributes & 1) == 0) {
            return "region " + std::to_string(i) + " has a strange type or attribute";
        }
        end = region.base + region.size_bytes;
        type = region.type;
    }
    return "";
}

} // namespace

MemoryMapOracle::MemoryMapOracle(std::vector<memory_region> raw, unsigned phys_addr_bits)
    : raw_(std::move(raw)),
      page_limit_((uint64_t{1} << std::min(phys_addr_bits, DIRECT_MAP_BITS)) / PAGE_SIZE) {}

std::optional<memory_type> MemoryMapOracle::type_of_page(uint64_t page) const {
    std::optional<memory_type> worst;
    for (const memory_region &entry : raw_) {
        std::optional<memory_type> claimed = claim(entry, page);
        if (page < page_limit_ && claimed && (!worst || rank(*claimed) > rank(*worst))) {
            worst = claimed;
        }
    }
    return worst;
}

std::vector<uint64_t> MemoryMapOracle::pages_worth_a_look(const memory_map &map) const {
    std::vector<uint64_t> edges = {0, page_limit_};
    for (const memory_region &entry : raw_) {
        edges.push_back(entry.base / PAGE_SIZE);
        edges.push_back((entry.base + entry.size_bytes) / PAGE_SIZE);
    }
    for (size_t i = 0; i < map.count; i++) {
        edges.push_back(map.regions[i].base / PAGE_SIZE);
        edges.push_back((map.regions[i].base + map.regions[i].size_bytes) / PAGE_SIZE);
    }
    std::vector<uint64_t> pages;
    for (uint64_t edge : edges) {
        for (uint64_t page = edge < 2 ? 0 : edge - 2; page <= edge + 2; page++) {
            pages.push_back(page);
        }
    }
    return pages;
}

std::string MemoryMapOracle::find_fault(const memory_map &map, status status) const {
    if (status != STATUS_OK && status != STATUS_NO_MEMORY) {
        return "status " + std::to_string(status);
    }
    if (std::string fault = find_fault_in_form(map); !fault.empty()) {
        return fault;
    }
    bool is_any_usable = false;
    for (uint64_t page : pages_worth_a_look(map)) {
        std::optional<memory_type> expected = type_of_page(page);
        if (expected != type_in_map(map, page)) {
            std::ostringstream fault;
            fault << "page 0x" << std::hex << page << " has the wrong type";
            return fault.str();
        }
        is_any_usable |= expected == MEMORY_USABLE;
    }
    return is_any_usable == (status == STATUS_OK) ? "" : "the status is wrong";
}

SanitisedMap::SanitisedMap(const std::vector<memory_region> &raw, unsigned phys_addr_bits)
    : regions(2 * raw.size() + 1), map{regions.data(), 0, regions.size()},
      status(memory_map_sanitise(raw.data(), raw.size(), phys_addr_bits, &map)) {}
