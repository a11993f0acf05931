#include "drivers/screen.h"
#include "kernel/boot/stages.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/kernel_image.h"
#include "kernel/cpu/user_copy.h"
#include "kernel/log.h"
#include "kernel/platform/mm_platform.h"
#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"
#include "mm/space/kernel_space.h"

constexpr uint64_t EXCEPTION_STACK_PAGES = 2;

static struct kernel_section section(const struct boot_info *info, const char *name,
                                     const char *start, const char *end, uint8_t rights) {
    uint64_t first = (uint64_t)start;
    struct kernel_section result = {
        .name = name,
        .range = virt_range(virt_addr(first), ((uint64_t)end - first) >> PAGE_SHIFT),
        .pa = phys_addr(info->kernel.phys + (first - info->kernel_virt)),
        .rights = rights,
    };
    return result;
}

static void build(const struct boot_info *info, const struct memory_map *map,
                  struct kernel_space_summary *summary) {
    const struct kernel_section sections[] = {
        section(info, "kernel text", kernel_text_start, kernel_text_end,
                RIGHT_READ | RIGHT_EXECUTE),
        section(info, "kernel rodata", kernel_rodata_start, kernel_rodata_end, RIGHT_READ),
        section(info, "kernel data", kernel_data_start, kernel_data_end, RIGHT_READ | RIGHT_WRITE),
    };
    const struct kernel_layout layout = {
        .memory = map,
        .sections = sections,
        .section_count = sizeof(sections) / sizeof(sections[0]),
    };
    enum status status = kernel_space_build(&layout, summary);
    if (status == STATUS_NO_MEMORY) {
        boot_refuse("K112: too little memory for the kernel's page tables and frame array");
    }
    if (status == STATUS_OUT_OF_RANGE) {
        boot_refuse("K113: memory lies beyond the 64 TiB that the direct map can hold");
    }
    CHECK(status == STATUS_OK);
}

/* The address of kernel_main's argument was one of the loader's; nothing may be there any more. */
static void check_identity_is_gone(const struct boot_info *info) {
    virt_addr_t old = virt_addr(info->kernel.phys);
    char byte;
    bool is_mapped = page_table_query(space_page_table(kernel_space()), old).kind != PAGE_ABSENT;
    bool is_readable = user_copy_in(&byte, old, sizeof(byte)) == 0;
    CHECK(!is_mapped && !is_readable);
    log_line(LOG_INFO, "boot: the loader's identity mapping is gone: a read at %#llx faults",
             (unsigned long long)old.value);
}

/* S50 */
static void log_space(const struct boot_info *info, const struct kernel_space_summary *summary) {
    uint64_t gib = (summary->direct_map_bytes + (1ull << 30) - 1) >> 30;
    uint64_t free_kib = frame_count().by_state[FRAME_FREE] << (PAGE_SHIFT - 10);
    char framebuffer[40] = "no framebuffer";
    if (info->framebuffer.phys != 0) {
        format_buffer(framebuffer, sizeof(framebuffer), "framebuffer at %#llx",
                      (unsigned long long)info->framebuffer.phys);
    }
    log_line(LOG_INFO, "vmm: PML4 at %#llx, %llu GiB direct-mapped, %s, %llu KiB free",
             (unsigned long long)summary->root.value, (unsigned long long)gib, framebuffer,
             (unsigned long long)free_kib);
}

static void log_direct_map(const struct kernel_space_summary *summary) {
    log_line(LOG_INFO,
             "boot: direct map of %llu MiB in %llu leaves of 1 GiB, %llu of 2 MiB, %llu of 4 KiB; "
             "frame array of %llu KiB",
             (unsigned long long)summary->direct_map_bytes >> 20,
             (unsigned long long)summary->leaf_counts[2],
             (unsigned long long)summary->leaf_counts[1],
             (unsigned long long)summary->leaf_counts[0],
             (unsigned long long)summary->frame_array_bytes >> 10);
}

void boot_enter_space(const struct boot_info *info, const struct memory_map *map) {
    struct kernel_space_summary summary;
    build(info, map, &summary);
    screen_hide();
    kernel_space_activate();
    mm_platform_use_direct_map();
    kernel_space_start();
    if (screen_map() != STATUS_OK) {
        log_line(LOG_WARNING, "K114: the screen cannot be mapped; the log goes on elsewhere");
    }
    log_space(info, &summary);
    log_direct_map(&summary);
    check_identity_is_gone(info);
}

struct virt_range boot_allocate_stack(uint64_t page_count, const char *name) {
    struct virt_range stack;
    if (kernel_range_alloc(page_count, name, &stack) != STATUS_OK) {
        boot_refuse("K115: too little memory for the kernel's stacks");
    }
    return stack;
}

void boot_guard_exception_stacks(void) {
    static const struct {
        enum trap_vector vector;
        const char *name;
    } stacks[] = {
        {VECTOR_DEBUG, "debug stack of CPU 0"},
        {VECTOR_NMI, "NMI stack of CPU 0"},
        {VECTOR_DOUBLE_FAULT, "double-fault stack of CPU 0"},
        {VECTOR_MACHINE_CHECK, "machine-check stack of CPU 0"},
    };
    for (size_t i = 0; i < sizeof(stacks) / sizeof(stacks[0]); i++) {
        struct virt_range stack = boot_allocate_stack(EXCEPTION_STACK_PAGES, stacks[i].name);
        descriptors_set_ist(stacks[i].vector, virt_range_last(stack).value + 1);
    }
}
