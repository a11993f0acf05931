#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * The firmware's memory map, made trustworthy. What a BIOS says may be unsorted, overlapping,
 * empty, wrapping or of unknown type; what comes out is not.
 */

BEGIN_C_DECLS

/* Types as in ACPI 6.4 table 15-374. A type that is not listed here is treated as reserved. */
enum memory_type : uint32_t {
    MEMORY_USABLE = 1,
    MEMORY_RESERVED = 2,
    MEMORY_ACPI_RECLAIMABLE = 3,
    MEMORY_ACPI_NVS = 4,
    MEMORY_BAD = 5,
};

constexpr uint32_t MEMORY_ATTRIBUTE_ENABLED = 1; /* bit 0: clear means "ignore this entry" */

/* One region in bytes. The layout is the BIOS's own (INT 15h, AX=E820h, 24-byte form). */
struct memory_region {
    uint64_t base;
    uint64_t size_bytes;
    uint32_t type; /* enum memory_type, or anything */
    uint32_t attributes;
};

static_assert(sizeof(struct memory_region) == 24);

struct memory_map {
    struct memory_region
        *regions; /* sorted, disjoint, not empty; neighbours of one type are merged */
    size_t count;
    size_t capacity;
};

/*
 * Sanitises `raw` into `map`, whose regions and capacity the caller has set; 2 * raw_count + 1
 * entries always suffice. Entries without MEMORY_ATTRIBUTE_ENABLED are ignored. Where entries
 * overlap the more restrictive type wins, in the order USABLE, ACPI_RECLAIMABLE, ACPI_NVS,
 * RESERVED, BAD. Usable entries shrink to whole pages, all others grow to whole pages. An entry
 * that wraps reaches to the top; a usable one cannot, and is ignored. What lies at or above
 * 1 << phys_addr_bits, or beyond what the direct map can show, is cut off. Takes time in
 * proportion to raw_count squared. Errors: STATUS_OUT_OF_RANGE, the capacity is too small;
 * STATUS_NO_MEMORY, nothing is usable.
 */
enum status memory_map_sanitise(UNTRUSTED const struct memory_region *raw, size_t raw_count,
                                unsigned phys_addr_bits, struct memory_map *map);

/* Total bytes of regions of `type`. */
uint64_t memory_map_total(const struct memory_map *map, enum memory_type type);

/* "usable", "reserved", "ACPI reclaimable", "ACPI NVS", "bad", or "unknown". */
const char *memory_type_name(uint32_t type);

END_C_DECLS
