#pragma once

#include "bootloader/boot_info.h"

// A block that the kernel accepts, for tests that break one thing of it.
inline boot_info RightBootInfo() {
    boot_info info{};
    info.magic = BOOT_INFO_MAGIC;
    info.version = BOOT_INFO_VERSION;
    info.size_bytes = sizeof(info);
    info.kernel = {0x200000, 0x60000};
    info.kernel_virt = 0xffffffff80000000;
    info.ram_disk = {0x400000, 12345};
    info.command_line = {0x500000, 10};
    info.memory_map_phys = 0x8000;
    info.memory_map_count = 7;
    info.memory_use_count = 2;
    info.memory_use[0] = {0x8000, 0x10000, BOOT_MEMORY_LOADER, 0};
    info.memory_use[1] = {0x200000, 0x60000, BOOT_MEMORY_KERNEL, 0};
    return info;
}
