#include "mm/frame/memory_map.h"

#include "mm/addr/layout.h"

constexpr unsigned DIRECT_MAP_BITS = 46;
static_assert(DIRECT_MAP_END - DIRECT_MAP_BASE == 1ull << DIRECT_MAP_BITS);

/* A raw entry in whole pages, cut off at the machine's limit. */
struct span {
    uint64_t start;
    uint64_t end; /* exclusive; not above `start` where the span is empty */
    enum memory_type type;
};

static enum memory_type known_type(uint32_t type) {
    return type >= MEMORY_USABLE && type <= MEMORY_BAD ? (enum memory_type)type : MEMORY_RESERVED;
}

/* The more, the more restrictive. */
static unsigned restriction(enum memory_type type) {
    switch (type) {
    case MEMORY_USABLE:
        return 1;
    case MEMORY_ACPI_RECLAIMABLE:
        return 2;
    case MEMORY_ACPI_NVS:
        return 3;
    case MEMORY_RESERVED:
        return 4;
    case MEMORY_BAD:
        return 5;
    }
    return 0;
}

static uint64_t minimum(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

/* Empty where the entry says nothing about memory below `limit`, a multiple of a page. */
static struct span span_of(const struct memory_region *raw, uint64_t limit) {
    if (raw->size_bytes == 0 || (raw->attributes & MEMORY_ATTRIBUTE_ENABLED) == 0) {
        return (struct span){};
    }
    struct span span = {.type = known_type(raw->type)};
    bool wraps = raw->size_bytes > UINT64_MAX - raw->base;
    uint64_t end = wraps ? limit : minimum(raw->base + raw->size_bytes, limit);
    if (span.type != MEMORY_USABLE) {
        span.start = align_down(raw->base, PAGE_SIZE);
        span.end = align_up(end, PAGE_SIZE);
    } else {
        span.start = align_up(minimum(raw->base, limit), PAGE_SIZE);
        span.end = wraps ? 0 : align_down(end, PAGE_SIZE);
    }
    return span;
}

struct source {
    const struct memory_region *raw;
    size_t count;
    uint64_t limit;
};

/* The lowest edge above `position`, of an empty span too, or `limit` where there is none. */
static uint64_t next_edge(const struct source *source, uint64_t position) {
    uint64_t next = source->limit;
    for (size_t i = 0; i < source->count; i++) {
        struct span span = span_of(&source->raw[i], source->limit);
        if (span.start > position) {
            next = minimum(next, span.start);
        } else if (span.end > position) {
            next = minimum(next, span.end);
        }
    }
    return next;
}

/* Stores the most restrictive type that is claimed for `position`; false where nothing is. */
static bool type_at(const struct source *source, uint64_t position, enum memory_type *type) {
    bool is_claimed = false;
    for (size_t i = 0; i < source->count; i++) {
        struct span span = span_of(&source->raw[i], source->limit);
        if (position < span.start || position >= span.end) {
            continue;
        }
        if (!is_claimed || restriction(span.type) > restriction(*type)) {
            *type = span.type;
        }
        is_claimed = true;
    }
    return is_claimed;
}

/* Adds a region above all others of `map`, joined to the last one where they touch. */
static enum status append(struct memory_map *map, uint64_t start, uint64_t end,
                          enum memory_type type) {
    struct memory_region *last = map->count == 0 ? nullptr : &map->regions[map->count - 1];
    if (last != nullptr && last->type == type && last->base + last->size_bytes == start) {
        last->size_bytes += end - start;
        return STATUS_OK;
    }
    if (map->count == map->capacity) {
        return STATUS_OUT_OF_RANGE;
    }
    map->regions[map->count++] = (struct memory_region){
        .base = start,
        .size_bytes = end - start,
        .type = type,
        .attributes = MEMORY_ATTRIBUTE_ENABLED,
    };
    return STATUS_OK;
}

enum status memory_map_sanitise(const struct memory_region *raw, size_t raw_count,
                                unsigned phys_addr_bits, struct memory_map *map) {
    uint64_t limit = 1ull << minimum(phys_addr_bits, DIRECT_MAP_BITS);
    struct source source = {raw, raw_count, limit};
    map->count = 0;
    for (uint64_t at = 0; at < limit;) {
        uint64_t next = next_edge(&source, at);
        enum memory_type type;
        if (type_at(&source, at, &type)) {
            enum status status = append(map, at, next, type);
            if (status != STATUS_OK) {
                return status;
            }
        }
        at = next;
    }
    return memory_map_total(map, MEMORY_USABLE) == 0 ? STATUS_NO_MEMORY : STATUS_OK;
}

uint64_t memory_map_total(const struct memory_map *map, enum memory_type type) {
    uint64_t total = 0;
    for (size_t i = 0; i < map->count; i++) {
        if (map->regions[i].type == type) {
            total += map->regions[i].size_bytes;
        }
    }
    return total;
}

const char *memory_type_name(uint32_t type) {
    switch (type) {
    case MEMORY_USABLE:
        return "usable";
    case MEMORY_RESERVED:
        return "reserved";
    case MEMORY_ACPI_RECLAIMABLE:
        return "ACPI reclaimable";
    case MEMORY_ACPI_NVS:
        return "ACPI NVS";
    case MEMORY_BAD:
        return "bad";
    default:
        return "unknown";
    }
}
