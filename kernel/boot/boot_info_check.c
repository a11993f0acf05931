#include "kernel/boot/boot_info_check.h"

#include "mm/addr/addr.h"
#include "mm/addr/layout.h"

constexpr uint64_t REACHABLE_END = 1ull << 32; /* of the loader's identity mapping */
constexpr uint64_t KERNEL_ALIGNMENT = 2ull << 20;

static bool is_reachable(uint64_t phys, uint64_t size_bytes) {
    return phys <= REACHABLE_END && size_bytes <= REACHABLE_END - phys;
}

static bool check_identity(const struct boot_info *info, const struct text_sink *complaints) {
    if (info->magic != BOOT_INFO_MAGIC) {
        format_to(complaints, "K101: boot_info: the magic number is %#llx, not %#llx\n",
                  (unsigned long long)info->magic, (unsigned long long)BOOT_INFO_MAGIC);
        return false;
    }
    if (info->version != BOOT_INFO_VERSION || info->size_bytes < sizeof(*info)) {
        format_to(complaints,
                  "K102: boot_info: version %u of %u bytes; this kernel wants version %u of %zu\n",
                  info->version, info->size_bytes, BOOT_INFO_VERSION, sizeof(*info));
        return false;
    }
    return true;
}

static bool check_kernel(const struct boot_info *info, const struct text_sink *complaints) {
    const struct boot_extent *kernel = &info->kernel;
    if (kernel->size_bytes == 0 || !is_aligned(kernel->phys, KERNEL_ALIGNMENT) ||
        info->kernel_virt != KERNEL_IMAGE_BASE || !is_reachable(kernel->phys, kernel->size_bytes)) {
        format_to(complaints,
                  "K103: boot_info: the kernel cannot be %#llx bytes at %#llx, seen at %#llx\n",
                  (unsigned long long)kernel->size_bytes, (unsigned long long)kernel->phys,
                  (unsigned long long)info->kernel_virt);
        return false;
    }
    return true;
}

static bool check_extent(const char *name, const struct boot_extent *extent,
                         const struct text_sink *complaints) {
    if (extent->size_bytes != 0 &&
        (!is_aligned(extent->phys, PAGE_SIZE) || !is_reachable(extent->phys, extent->size_bytes))) {
        format_to(complaints, "K104: boot_info: the %s cannot be %#llx bytes at %#llx\n", name,
                  (unsigned long long)extent->size_bytes, (unsigned long long)extent->phys);
        return false;
    }
    return true;
}

static bool check_memory_map(const struct boot_info *info, const struct text_sink *complaints) {
    uint64_t size_bytes = info->memory_map_count * 24ull;
    if (info->memory_map_count == 0 || info->memory_map_count > BOOT_MEMORY_MAP_MAX ||
        !is_reachable(info->memory_map_phys, size_bytes)) {
        format_to(complaints, "K105: boot_info: no memory map can have %u entries at %#llx\n",
                  info->memory_map_count, (unsigned long long)info->memory_map_phys);
        return false;
    }
    return true;
}

static bool check_memory_use(const struct boot_info *info, const struct text_sink *complaints) {
    if (info->memory_use_count > BOOT_MEMORY_USE_MAX) {
        format_to(complaints, "K106: boot_info: %u pieces of memory in use; there can be %u\n",
                  info->memory_use_count, BOOT_MEMORY_USE_MAX);
        return false;
    }
    for (unsigned i = 0; i < info->memory_use_count; i++) {
        const struct boot_memory_use *use = &info->memory_use[i];
        if (!is_reachable(use->phys, use->size_bytes)) {
            format_to(complaints, "K107: boot_info: %#llx bytes in use at %#llx cannot be\n",
                      (unsigned long long)use->size_bytes, (unsigned long long)use->phys);
            return false;
        }
    }
    return true;
}

bool boot_info_check(const struct boot_info *info, const struct text_sink *complaints) {
    return check_identity(info, complaints) && check_kernel(info, complaints) &&
           check_extent("RAM disk", &info->ram_disk, complaints) &&
           check_extent("command line", &info->command_line, complaints) &&
           check_memory_map(info, complaints) && check_memory_use(info, complaints);
}
