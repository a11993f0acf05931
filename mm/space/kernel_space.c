#include "mm/space/kernel_space.h"

#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"
#include "mm/platform.h"
#include "mm/space/area_edit.h"
#include "mm/space/direct_map.h"
#include "mm/space/frame_array_map.h"
#include "mm/space/space_private.h"
#include "mm/space/zero_page.h"

static struct address_space kernel;
static const struct memory_map *memory; /* fixed by kernel_space_build */

/* The areas of the boot are made before there is a heap. */
static struct vm_area boot_areas[KERNEL_SECTION_MAX + 2];
static unsigned boot_area_count;

struct address_space *kernel_space(void) {
    return &kernel;
}

const struct memory_map *kernel_space_memory(void) {
    return memory;
}

static void add_boot_area(struct virt_range range, uint8_t rights, const char *name) {
    struct page_attributes attributes = {.rights = rights};
    struct spare_areas spare = {.areas = {&boot_areas[boot_area_count++]}, .count = 1};
    area_add(&kernel.areas, &spare, range, AREA_BOOT, attributes, name);
}

static bool is_in_image_region(struct virt_range range) {
    return virt_range_is_valid(range.start, range.page_count, 4) &&
           range.start.value >= KERNEL_IMAGE_BASE;
}

static enum status check_sections(const struct kernel_layout *layout) {
    if (layout->section_count > KERNEL_SECTION_MAX) {
        return STATUS_INVALID;
    }
    for (size_t i = 0; i < layout->section_count; i++) {
        const struct kernel_section *section = &layout->sections[i];
        constexpr uint8_t both = RIGHT_WRITE | RIGHT_EXECUTE;
        if ((section->rights & both) == both || !is_in_image_region(section->range) ||
            !is_aligned(section->pa.value, PAGE_SIZE)) {
            return STATUS_INVALID;
        }
    }
    return STATUS_OK;
}

static enum status map_section(const struct kernel_section *section) {
    uint8_t rights = section->rights | RIGHT_READ | RIGHT_GLOBAL;
    struct page_attributes attributes = {.rights = rights, .cache = CACHE_WRITE_BACK};
    enum status status = page_table_map(&kernel.table, section->range, section->pa, attributes, 0);
    if (status == STATUS_OK) {
        add_boot_area(section->range, rights, section->name);
    }
    return status == STATUS_EXISTS ? STATUS_INVALID : status;
}

static enum status map_image(const struct kernel_layout *layout) {
    for (size_t i = 0; i < layout->section_count; i++) {
        enum status status = map_section(&layout->sections[i]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* The other regions' root slots are filled by what the boot maps there. */
static enum status reserve_kernel_ranges(void) {
    constexpr uint64_t page_count = (KERNEL_RANGES_END - KERNEL_RANGES_BASE) >> PAGE_SHIFT;
    struct virt_range range = virt_range(virt_addr(KERNEL_RANGES_BASE), page_count);
    return page_table_reserve(&kernel.table, range, 2);
}

static enum status map_regions(const struct kernel_layout *layout, struct virt_range *direct,
                               struct virt_range *array) {
    enum status status = direct_map_build(&kernel.table, layout, direct);
    if (status != STATUS_OK) {
        return status;
    }
    status = frame_array_map(&kernel.table, layout->memory, array);
    if (status != STATUS_OK) {
        return status;
    }
    status = reserve_kernel_ranges();
    if (status != STATUS_OK) {
        return status;
    }
    return map_image(layout);
}

static bool count_leaf(void *context, virt_addr_t, const struct page_query *entry) {
    struct kernel_space_summary *summary = context;
    summary->leaf_counts[entry->level]++;
    summary->direct_map_bytes += level_size(entry->level);
    return true;
}

static bool count_array_leaf(void *context, virt_addr_t, const struct page_query *entry) {
    struct kernel_space_summary *summary = context;
    summary->frame_array_bytes += level_size(entry->level);
    return true;
}

enum status kernel_space_build(const struct kernel_layout *layout,
                               struct kernel_space_summary *summary) {
    enum status status = check_sections(layout);
    if (status != STATUS_OK) {
        return status;
    }
    space_registry_init();
    space_init(&kernel, "kernel");
    boot_area_count = 0;
    memory = layout->memory;
    status = page_table_create_kernel(&kernel.table);
    if (status == STATUS_OK) {
        status = zero_page_build();
    }
    if (status != STATUS_OK) {
        return status;
    }
    struct virt_range direct;
    struct virt_range array;
    status = map_regions(layout, &direct, &array);
    if (status != STATUS_OK) {
        return status;
    }
    constexpr uint8_t rights = RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL;
    add_boot_area(direct, rights, "direct map");
    add_boot_area(array, rights, "frame array");
    *summary = (struct kernel_space_summary){.root = kernel.table.root};
    page_table_for_each(&kernel.table, direct, count_leaf, summary);
    page_table_for_each(&kernel.table, array, count_array_leaf, summary);
    return STATUS_OK;
}

void kernel_space_activate(void) {
    platform_preempt_disable();
    page_table_activate(&kernel.table, nullptr);
    platform_preempt_enable();
}

void kernel_space_start(void) {
    kernel_space_start_with((struct frame *)FRAME_ARRAY_BASE);
}

void kernel_space_start_with(struct frame *array) {
    frame_init(array, memory);
    page_table_adopt_kernel(&kernel.table);
}
