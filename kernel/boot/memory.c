#include "kernel/boot/boot_info_check.h"
#include "kernel/boot/stages.h"
#include "kernel/cpu/features.h"
#include "kernel/log.h"
#include "mm/frame/early.h"
#include "mm/frame/frame.h"

constexpr uint64_t IDENTITY_END = 1ull << 32; /* what the loader has mapped */

static struct memory_region regions[2 * BOOT_MEMORY_MAP_MAX + 1];
static struct memory_map memory = {.regions = regions,
                                   .capacity = sizeof(regions) / sizeof(regions[0])};

static void log_regions(const char *title, const struct memory_region *region, size_t count) {
    log_line(LOG_INFO, "boot: %s, %zu entries", title, count);
    for (size_t i = 0; i < count; i++, region++) {
        log_line(LOG_INFO, "  %016llx + %012llx  %s (%u)", (unsigned long long)region->base,
                 (unsigned long long)region->size_bytes, memory_type_name(region->type),
                 region->type);
    }
}

static const char *source_name(enum boot_memory_map_source source) {
    switch (source) {
    case BOOT_MEMORY_MAP_E820:
        return "memory map from the firmware (E820)";
    case BOOT_MEMORY_MAP_E801:
        return "memory map from the firmware (E801)";
    case BOOT_MEMORY_MAP_88:
        return "memory map from the firmware (88h)";
    }
    return "memory map from an unknown service";
}

static void reserve_memory_in_use(const struct boot_info *info) {
    for (unsigned i = 0; i < info->memory_use_count; i++) {
        const struct boot_memory_use *use = &info->memory_use[i];
        if (early_reserve(phys_addr(use->phys), use->size_bytes) != STATUS_OK) {
            boot_refuse("K110: the loader uses more pieces of memory than can be kept");
        }
    }
}

const struct memory_map *boot_begin_memory(const struct boot_info *info) {
    const struct memory_region *raw = (const struct memory_region *)info->memory_map_phys;
    log_regions(source_name(info->memory_map_source), raw, info->memory_map_count);
    enum status status =
        memory_map_sanitise(raw, info->memory_map_count, cpu_features()->phys_addr_bits, &memory);
    if (status != STATUS_OK) {
        boot_refuse("K111: the firmware's memory map has no usable memory");
    }
    log_regions("memory map in use", memory.regions, memory.count);
    log_line(LOG_INFO, "boot: %llu KiB of usable memory",
             (unsigned long long)memory_map_total(&memory, MEMORY_USABLE) >> 10);
    early_begin(&memory, phys_addr(IDENTITY_END));
    reserve_memory_in_use(info);
    return &memory;
}

void boot_release_memory(const struct boot_info *info) {
    uint64_t released = 0;
    for (unsigned i = 0; i < info->memory_use_count; i++) {
        const struct boot_memory_use *use = &info->memory_use[i];
        if (use->kind == BOOT_MEMORY_LOADER || use->kind == BOOT_MEMORY_COMMAND_LINE) {
            frame_release_boot(phys_addr(use->phys), use->size_bytes);
            released += use->size_bytes;
        }
    }
    log_line(LOG_INFO, "boot: %llu KiB of the loader's memory released",
             (unsigned long long)released >> 10);
}
