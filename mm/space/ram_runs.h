#pragma once

#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/frame/memory_map.h"

/* Runs of RAM that is the kernel's or will be: usable, or ACPI tables that can be reclaimed. */
struct ram_run {
    uint64_t start; /* physical addresses, page-aligned */
    uint64_t end;   /* exclusive */
};

static inline bool is_ram(TRUSTED const struct memory_region *region) {
    return region->type == MEMORY_USABLE || region->type == MEMORY_ACPI_RECLAIMABLE;
}

/* Whether any byte of [start, last] is such RAM. */
static inline bool ram_overlaps(const struct memory_map *map, uint64_t start, uint64_t last) {
    for (size_t i = 0; i < map->count; i++) {
        const struct memory_region *region = &map->regions[i];
        uint64_t region_last = region->base + region->size_bytes - 1;
        if (is_ram(region) && start <= region_last && last >= region->base) {
            return true;
        }
    }
    return false;
}

/*
 * The first maximal run from region `*index` on, which moves behind it; false where there is none
 * left.
 */
[[nodiscard]] static inline bool ram_run_next(const struct memory_map *map, size_t *index,
                                              struct ram_run *run) {
    while (*index < map->count && !is_ram(&map->regions[*index])) {
        (*index)++;
    }
    if (*index == map->count) {
        return false;
    }
    run->start = map->regions[*index].base;
    run->end = run->start;
    while (*index < map->count && is_ram(&map->regions[*index]) &&
           map->regions[*index].base == run->end) {
        run->end += map->regions[*index].size_bytes;
        (*index)++;
    }
    return true;
}
