#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mm/frame/memory_map.h"

/*
 * What a sanitised memory map must say, worked out one page at a time from the promise in
 * memory_map.h, without intervals: the oracle of the table tests and of the fuzzer.
 */
class MemoryMapOracle {
  public:
    MemoryMapOracle(std::vector<memory_region> raw, unsigned phys_addr_bits);

    /* The type of a page, nothing where no entry speaks of it. */
    std::optional<memory_type> type_of_page(uint64_t page) const;

    /* What is wrong with `map`, which memory_map_sanitise returned `status` for; empty if nothing.
     * Looks at every page near an edge of the raw entries or of the map. */
    std::string find_fault(const memory_map &map, status status) const;

  private:
    std::vector<uint64_t> pages_worth_a_look(const memory_map &map) const;

    std::vector<memory_region> raw_;
    uint64_t page_limit_;
};

/* Sanitises into a buffer of the promised size; `regions` keeps what `map` points at. */
struct SanitisedMap {
    SanitisedMap(const std::vector<memory_region> &raw, unsigned phys_addr_bits);

    std::vector<memory_region> regions;
    memory_map map;
    enum status status;
};
