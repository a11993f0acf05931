#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/capability.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/paging/page_table.h"
#include "mm/space/area.h"

/* One process's memory: a clone of the kernel's root with a lower half of its own. */

BEGIN_C_DECLS

struct address_space; /* made and freed only here */

/* Proof that `range` of `space` is locked; exists only between lock and unlock (L1). */
struct CAPABILITY("space") locked_range {
    struct address_space *space;
    struct virt_range range;
    bool is_for_writing;
};

/* Locks may sleep; never with pre-emption off or from an interrupt. */
void space_lock_for_writing(struct address_space *space, struct virt_range range,
                            struct locked_range *token) ACQUIRES(token);
void space_lock_for_reading(struct address_space *space, struct virt_range range,
                            struct locked_range *token) ACQUIRES(token);
void space_unlock(struct locked_range *token) RELEASES(token);

/* The whole of the user half, for locking all of a space. */
struct virt_range space_user_range(void);

/* An empty lower half with its null guard. `name` is copied. Errors: STATUS_NO_MEMORY. */
enum status space_create(const char *name, struct address_space **space);

/* Frees everything it maps, its tables and itself. Errors: STATUS_BUSY, a CPU translates through it
 * (nothing changed). */
enum status space_destroy(struct address_space *space);

/* Makes `next` the current CPU's space; returns the one before, or the kernel's. */
struct address_space *space_switch(struct address_space *next);
struct address_space *space_current(void);

/*
 * User memory, filled at once with zeroed frames. Errors: STATUS_NO_MEMORY; STATUS_EXISTS, an area
 * is there; STATUS_INVALID, not in the user half or rights that are not user rights. Nothing
 * changed after an error.
 */
enum status space_map_anonymous(struct locked_range *token, struct virt_range range, uint8_t rights,
                                const char *name) REQUIRES(token);

/* Finds the highest gap below the mmap base that fits `page_count` at `alignment`. */
enum status space_find_gap(struct locked_range *token, uint64_t page_count, uint64_t alignment,
                           struct virt_range *range) REQUIRES(token);

/* An area that is never mapped, so that a fault in it can be named. */
enum status space_reserve_guard(struct locked_range *token, struct virt_range range,
                                const char *name) REQUIRES(token);

/* Removes areas, or parts of areas, and what they map; gaps are skipped. */
enum status space_unmap(struct locked_range *token, struct virt_range range) REQUIRES(token);

/* Changes rights of whole areas or parts (areas are split). STATUS_NO_MEMORY where a page of the
 * range has no area, as man 2 mprotect. RIGHT_NONE parks. */
enum status space_protect(struct locked_range *token, struct virt_range range, uint8_t rights)
    REQUIRES(token);

struct translation {
    phys_addr_t pa;
    uint8_t level;
    struct page_attributes attributes;
};

/* STATUS_FAULT where `va` is not mapped. For any space, current or not. */
enum status space_translate(struct address_space *space, virt_addr_t va, struct translation *out);

enum space_access_kind : uint8_t { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };

/*
 * Copies between `buffer` and memory of any space through the direct map, after checking that the
 * area allows the access (law 11). `*done_bytes` says how much was copied before a STATUS_FAULT.
 * space_read reads user memory; space_write writes it and needs RIGHT_WRITE in the area;
 * space_write_initial ignores the area's lack of RIGHT_WRITE, for loading read-only segments of a
 * space that no CPU has run yet.
 */
enum status space_read(struct address_space *space, virt_addr_t va, void *buffer, size_t size_bytes,
                       size_t *done_bytes);
enum status space_write(struct address_space *space, virt_addr_t va, const void *buffer,
                        size_t size_bytes, size_t *done_bytes);
enum status space_write_initial(struct address_space *space, virt_addr_t va, const void *buffer,
                                size_t size_bytes, size_t *done_bytes);

/* The area that holds `va`, copied to `*out`; false where there is none. */
bool space_find_area(struct address_space *space, virt_addr_t va, struct vm_area *out);

/* The nearest area whose end lies below `va`, and the nearest above; for fault reports. */
bool space_find_area_below(struct address_space *space, virt_addr_t va, struct vm_area *out);
bool space_find_area_above(struct address_space *space, virt_addr_t va, struct vm_area *out);

/*
 * One line for each run of pages with the same rights, cache policy, leaf size and area:
 * range, size, rights (rwxug), cache, leaf size, name. docs/memory_map.md explains a line.
 */
void space_dump(struct address_space *space, const struct text_sink *sink);

/* The page table, for fault reports (walks) and the audit. */
const struct page_table *space_page_table(const struct address_space *space);

const char *space_name(const struct address_space *space);

/* Every space that exists, the kernel's first; for the audit. */
void space_for_each(void (*visit)(void *context, struct address_space *space), void *context);

END_C_DECLS
