#pragma once

#include "mm/addr/addr.h"

/* The virtual memory map; docs/memory_map.md draws it. */
constexpr uint64_t NULL_GUARD_END = 0x0000000000010000; /* the first 64 KiB are never mapped */
constexpr uint64_t USER_END =
    0x00007ffffffff000; /* exclusive: the last canonical page is never mapped */
constexpr uint64_t DIRECT_MAP_BASE =
    0xffff800000000000; /* all RAM; NX; text and rodata read-only here too */
constexpr uint64_t DIRECT_MAP_END = 0xffffc00000000000;
constexpr uint64_t KERNEL_RANGES_BASE =
    0xffffc00000000000; /* stacks, device memory, temporary mappings */
constexpr uint64_t KERNEL_RANGES_END = 0xffffc08000000000; /* one PML4 slot: 512 GiB */
constexpr uint64_t FRAME_ARRAY_BASE = 0xffffe00000000000;
constexpr uint64_t FRAME_ARRAY_END =
    0xffffe08000000000; /* one PML4 slot: frames of 64 TiB at 32 bytes each */
constexpr uint64_t KERNEL_IMAGE_BASE = 0xffffffff80000000;

static_assert(FRAME_ARRAY_END - FRAME_ARRAY_BASE >=
              ((DIRECT_MAP_END - DIRECT_MAP_BASE) >> PAGE_SHIFT) * 32);
static_assert((USER_END + PAGE_SIZE) == 1ull << 47);
