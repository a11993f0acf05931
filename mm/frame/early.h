#pragma once

#include "lib/decls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/memory_map.h"

/*
 * The allocator that serves until the frame array stands: it hands out whole pages of the sanitised
 * map, the lowest that fit, never takes one back, and remembers what it gave. Used by the boot CPU
 * alone.
 */

BEGIN_C_DECLS

constexpr unsigned EARLY_RUN_MAX = 64;

/*
 * Starts the allocator on `map`, which must outlive it. Memory below 1 MiB is never handed out.
 * `below` limits what is handed out to what the machine can reach now (exclusive), for example 4
 * GiB under the loader's identity mapping; phys_addr(UINT64_MAX) for no limit.
 */
void early_begin(const struct memory_map *map, phys_addr_t below);

/*
 * Keeps [start, start + size_bytes), grown to whole pages, from being handed out: the kernel image,
 * the RAM disk, the loader's memory. After frame_init such pages are FRAME_KERNEL;
 * frame_release_boot gives them to the allocator when they are no longer needed. May overlap others
 * and cover what is no memory. Errors: STATUS_NO_MEMORY, more than EARLY_RUN_MAX separate runs of
 * pages are taken.
 */
enum status early_reserve(phys_addr_t start, uint64_t size_bytes);

/*
 * Hands out `page_count` contiguous pages at a multiple of `alignment` bytes (a power of two, at
 * least PAGE_SIZE). The contents are whatever they were.
 * Errors: STATUS_NO_MEMORY, none is left or the table of runs is full; nothing changed then.
 */
enum status early_alloc(uint64_t page_count, uint64_t alignment, phys_addr_t *start);

END_C_DECLS
