#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/memory_map.h"
#include "mm/paging/attributes.h"

/*
 * The kernel's own address space: built once from the loader's world, then a set of ranges that are
 * reserved, filled, mapped to devices, and freed.
 */

BEGIN_C_DECLS

struct address_space;
struct frame;

constexpr unsigned KERNEL_SECTION_MAX = 14;

struct kernel_section {
    const char *name; /* "text", "rodata", "data" */
    struct virt_range range;
    phys_addr_t pa;
    uint8_t rights; /* of enum page_right; never both WRITE and EXECUTE */
};

struct kernel_layout {
    const struct memory_map *memory; /* sanitised; outlives the kernel */
    const struct kernel_section *sections;
    size_t section_count; /* at most KERNEL_SECTION_MAX */
};

struct kernel_space_summary {
    phys_addr_t root;
    uint64_t direct_map_bytes;
    uint64_t leaf_counts[3]; /* of the direct map, by level */
    uint64_t frame_array_bytes;
};

/*
 * Builds the kernel's table from the early allocator: direct map of all RAM with the largest
 * leaves, frame array, kernel image per section, and the root slots of every region. Loads nothing
 * (S51). Where the kernel's text and rodata lie, the direct map is read-only too. After an error
 * the early allocator's memory is lost and the kernel cannot go on. Errors: STATUS_NO_MEMORY;
 * STATUS_INVALID, too many sections, or one that is writable and executable, unaligned, not in the
 * image's region or in the way of another.
 */
enum status kernel_space_build(const struct kernel_layout *layout,
                               struct kernel_space_summary *summary);

/*
 * Makes it the current CPU's address space, which drops the loader's identity mapping. From here on
 * platform_phys_to_virt must answer with the direct map.
 */
void kernel_space_activate(void);

/*
 * After kernel_space_activate: starts the frame allocator on the frame array that was mapped, and
 * lets it know the kernel's tables; the early allocator ends here.
 */
void kernel_space_start(void);

/* The same on an array elsewhere: for hosts that do not translate through the table. */
void kernel_space_start_with(struct frame *array);

struct address_space *kernel_space(void);

/*
 * Kernel ranges. All of them: STATUS_NO_MEMORY, no room or no frames; nothing has changed after an
 * error; `name` is copied and cut. RIGHT_READ and RIGHT_GLOBAL go without saying. Guards are pages
 * that are never mapped; each is an area of its own that bears the name of what it guards. These
 * functions may sleep.
 */

/* Reserves the range for later kernel_range_adopt or _fill, without guards. STATUS_EXISTS where any
 * of it is taken; STATUS_INVALID where it is not in the region of kernel ranges. */
enum status kernel_range_reserve_at(struct virt_range range, const char *name);

/* Reserves the first gap that fits, at a multiple of `alignment` bytes (a power of two, at least
 * PAGE_SIZE), with a guard page before and after it. */
enum status kernel_range_reserve(uint64_t page_count, uint64_t alignment, const char *name,
                                 struct virt_range *range);

/*
 * Puts zeroed frames, not contiguous, behind a reserved range or a part of one. STATUS_NOT_FOUND:
 * not reserved as a whole; STATUS_EXISTS: some of it is filled; STATUS_INVALID: rights other than
 * to read and write (the direct map shows the same frames writable, so they must never be
 * executable), or another policy than CACHE_WRITE_BACK.
 */
enum status kernel_range_fill(struct virt_range range, struct page_attributes attributes);

/* Reserve and fill in one: writable, never executable, guarded on both sides. */
enum status kernel_range_alloc(uint64_t page_count, const char *name, struct virt_range *range);

/* Takes over a reservation whose pages somebody else mapped, after making sure that all of them
 * are, by leaves that lie in it, write-back and with no more than `rights` (S73); else
 * STATUS_NOT_FOUND. STATUS_INVALID: writable and executable. */
enum status kernel_range_adopt(struct virt_range range, uint8_t rights);

/*
 * Maps size_bytes of device memory at `pa`, which may be unaligned; `*address` is the address of
 * that very byte (S77). Guarded on both sides. The memory is not owned. STATUS_INVALID: size 0 or
 * wrapping, or RAM with another policy than CACHE_WRITE_BACK; STATUS_OUT_OF_RANGE: above
 * MAXPHYADDR.
 */
enum status kernel_range_map_device(phys_addr_t pa, uint64_t size_bytes, enum cache_policy cache,
                                    const char *name, void **address);

/* Unmaps what is filled of the range that starts at `start` and gives it up with its frames and its
 * guards; returns after the flush. STATUS_NOT_FOUND: no range starts there (any more). */
enum status kernel_range_free(virt_addr_t start);

/* kernel_range_free for what kernel_range_map_device returned. */
enum status kernel_range_unmap_device(void *address);

END_C_DECLS
