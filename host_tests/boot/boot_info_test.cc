#include "bootloader/boot_info.h"

#include <cstddef>
#include <cstring>
#include <vector>

#include <gtest/gtest.h>

extern "C" const uint32_t boot_info_in_nasm[];
extern "C" const uint32_t boot_info_in_nasm_count;

namespace {

struct Row {
    const char *name;
    uint64_t value;
};

#define CONSTANT(name)          {#name, name}
#define FIELD(structure, field) {#structure "." #field, offsetof(struct structure, field)}
#define SIZE(structure)         {"size of " #structure, sizeof(struct structure)}

/* In the order of boot_info_offsets.asm. */
const std::vector<Row> boot_info_in_c = {
    {"low half of the magic", BOOT_INFO_MAGIC &UINT32_MAX},
    {"high half of the magic", BOOT_INFO_MAGIC >> 32},
    CONSTANT(BOOT_INFO_VERSION),
    CONSTANT(BOOT_MEMORY_MAP_E820),
    CONSTANT(BOOT_MEMORY_MAP_E801),
    CONSTANT(BOOT_MEMORY_MAP_88),
    CONSTANT(BOOT_MEMORY_LOADER),
    CONSTANT(BOOT_MEMORY_KERNEL),
    CONSTANT(BOOT_MEMORY_RAM_DISK),
    CONSTANT(BOOT_MEMORY_COMMAND_LINE),
    CONSTANT(BOOT_MEMORY_USE_MAX),

    FIELD(boot_memory_use, phys),
    FIELD(boot_memory_use, size_bytes),
    FIELD(boot_memory_use, kind),
    FIELD(boot_memory_use, reserved),
    SIZE(boot_memory_use),

    FIELD(boot_framebuffer, phys),
    FIELD(boot_framebuffer, pitch_bytes),
    FIELD(boot_framebuffer, width),
    FIELD(boot_framebuffer, height),
    FIELD(boot_framebuffer, bits_per_pixel),
    FIELD(boot_framebuffer, red),
    FIELD(boot_framebuffer, green),
    FIELD(boot_framebuffer, blue),
    FIELD(boot_framebuffer, reserved),
    SIZE(boot_framebuffer),

    FIELD(boot_text, phys),
    FIELD(boot_text, columns),
    FIELD(boot_text, rows),
    FIELD(boot_text, cursor_column),
    FIELD(boot_text, cursor_row),
    SIZE(boot_text),

    FIELD(boot_info, magic),
    FIELD(boot_info, version),
    FIELD(boot_info, size_bytes),
    FIELD(boot_info, kernel.phys),
    FIELD(boot_info, kernel.size_bytes),
    FIELD(boot_info, kernel_virt),
    FIELD(boot_info, kernel_entry_virt),
    FIELD(boot_info, ram_disk.phys),
    FIELD(boot_info, ram_disk.size_bytes),
    FIELD(boot_info, command_line.phys),
    FIELD(boot_info, command_line.size_bytes),
    FIELD(boot_info, memory_map_phys),
    FIELD(boot_info, memory_map_count),
    FIELD(boot_info, memory_map_source),
    FIELD(boot_info, memory_use),
    FIELD(boot_info, memory_use_count),
    FIELD(boot_info, boot_drive),
    FIELD(boot_info, framebuffer),
    FIELD(boot_info, text),
    SIZE(boot_info),
};

TEST(BootInfo, TheLoaderAndTheKernelAgreeOnEveryFieldAndConstant) {
    ASSERT_EQ(boot_info_in_nasm_count, boot_info_in_c.size());
    for (size_t i = 0; i < boot_info_in_c.size(); i++) {
        EXPECT_EQ(boot_info_in_nasm[i], boot_info_in_c[i].value) << boot_info_in_c[i].name;
    }
}

TEST(BootInfo, TheMagicReadsAsTextInADumpOfMemory) {
    uint64_t magic = BOOT_INFO_MAGIC;
    EXPECT_EQ(memcmp(&magic, "QUIREINF", sizeof(magic)), 0);
}

} // namespace
