#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/capability.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"
#include "mm/paging/page_table.h"
#include "mm/space/area.h"
#include "mm/space/locked_range.h"
#include "mm/space/user_areas.h"
#include "mm/space/user_memory.h"

/* One process's memory: a clone of the kernel's root with a lower half of its own. */

BEGIN_C_DECLS

constexpr unsigned SPACE_NAME_SIZE_BYTES = 32; /* the terminator included; longer names are cut */

/* Where programs are linked to by default (the System V ABI's choice for x86-64), and where
 * space_find_gap starts looking downwards; the 256 MiB above are for the stack (S60). */
constexpr uint64_t SPACE_IMAGE_BASE = 0x0000000000400000;
constexpr uint64_t SPACE_MMAP_END = 0x00007ffff0000000;

struct address_space; /* made and freed only here */

/* The whole of the user half, for locking all of a space. */
struct virt_range space_user_range(void);

/* An empty lower half with its null guard. `name` is copied and cut. Errors: STATUS_NO_MEMORY. */
enum status space_create(const char *name, struct address_space **space);

/*
 * Makes a copy of `parent` with the same areas and the same memory, which each of the two sees as
 * its own: pages are shared until one of them is written to. The cost grows with areas and tables,
 * not with pages (law 12). Errors: STATUS_NO_MEMORY; nothing has changed.
 */
enum status space_fork(struct address_space *parent, const char *name,
                       struct address_space **child);

/*
 * Frees everything it maps, its tables and itself. The caller is the last who knows the space: no
 * lock of it is held, nobody may switch to it any more. Errors: STATUS_BUSY, a CPU translates
 * through it (nothing changed).
 */
enum status space_destroy(struct address_space *space);

/* Makes `next` the current CPU's space; returns the one before, or the kernel's (S55). */
struct address_space *space_switch(struct address_space *next);
struct address_space *space_current(void);

struct translation {
    phys_addr_t pa; /* of the byte at the address asked for; 0 is legal (S40) */
    uint8_t level;
    struct page_attributes attributes;
};

/* STATUS_FAULT where `va` is not mapped. For any space, current or not. */
enum status space_translate(struct address_space *space, virt_addr_t va, struct translation *out);

/*
 * Copies between `buffer` and memory of any space through the direct map, after resolving a fault
 * of that access (law 11). `*done_bytes` (may be null) says how much was copied before a
 * STATUS_FAULT.
 * space_read reads user memory; space_write writes it and needs RIGHT_WRITE in the area;
 * space_write_initial ignores the area's lack of RIGHT_WRITE, for loading read-only segments and
 * for a debugger's breakpoints; it needs a private area, whose page it copies where others have it.
 */
enum status space_read(struct address_space *space, virt_addr_t va, void *buffer, size_t size_bytes,
                       size_t *done_bytes);
enum status space_write(struct address_space *space, virt_addr_t va, TRUSTED const void *buffer,
                        size_t size_bytes, size_t *done_bytes);
enum status space_write_initial(struct address_space *space, virt_addr_t va,
                                TRUSTED const void *buffer, size_t size_bytes, size_t *done_bytes);

/* The area that holds `va`, copied to `*out`; false where there is none. */
[[nodiscard]] bool space_find_area(struct address_space *space, virt_addr_t va,
                                   struct vm_area *out);

/* The nearest area that ends at or below `va`, and the nearest that starts above; for reports. */
[[nodiscard]] bool space_find_area_below(struct address_space *space, virt_addr_t va,
                                         struct vm_area *out);
[[nodiscard]] bool space_find_area_above(struct address_space *space, virt_addr_t va,
                                         struct vm_area *out);

/* space_find_area for who holds the lock already, and, without it, for the report of a fault that
 * stops the machine. */
[[nodiscard]] bool space_find_area_unlocked(const struct address_space *space, virt_addr_t va,
                                            struct vm_area *out);

/* Visits the areas upwards, under the lock for reading, until `visit` returns false. */
void space_for_each_area(struct address_space *space,
                         bool (*visit)(void *context, const struct vm_area *area), void *context);

/* The same, from the area that holds `va`, or the first one above it. */
void space_for_each_area_from(struct address_space *space, virt_addr_t va,
                              bool (*visit)(void *context, const struct vm_area *area),
                              void *context);

/*
 * One line for each run of pages with the same rights, cache policy, leaf size and area, and one
 * for each guard: range, size, rights (rwxug), cache, leaf size, name. docs/memory_map.md explains
 * a line.
 */
void space_dump(struct address_space *space, const struct text_sink *sink);

/* The page table, for fault reports (walks) and the audit. */
const struct page_table *space_page_table(const struct address_space *space);

/* What the frames of its anonymous memory are tagged with as their owner; for the audit. */
const void *space_frame_owner(const struct address_space *space);

const char *space_name(const struct address_space *space);

/* Every space that exists, the kernel's first; for the audit. */
void space_for_each(void (*visit)(void *context, struct address_space *space), void *context);

END_C_DECLS
