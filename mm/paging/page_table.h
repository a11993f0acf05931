#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/capability.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/paging/attributes.h"
#include "mm/paging/tlb_gather.h"
#include "mm/platform.h"

/*
 * The four operations over ranges: map, unmap, protect, query, at every leaf size. They work on any
 * table, whether a CPU translates through it or not. Every operation that can need memory takes it
 * before it changes anything (law 2): after an error the tables are bit-identical, no frame is lost
 * and nothing is owed. The caller serialises all operations on one table (the space's lock).
 *
 * Three errors have one meaning everywhere: STATUS_INVALID, the range is not in this table's half
 * or the rights do not belong there (lower: READ and USER, never GLOBAL; upper: READ, never USER;
 * or RIGHT_NONE); STATUS_OUT_OF_RANGE, memory above MAXPHYADDR; STATUS_NO_MEMORY, no frame for a
 * table.
 */

BEGIN_C_DECLS

enum page_table_half : uint8_t { HALF_USER, HALF_KERNEL };

struct page_table {
    phys_addr_t root;             /* fixed at creation */
    uint8_t levels;               /* 4 or 5; fixed at creation */
    enum page_table_half half;    /* which half it may change; fixed at creation */
    bool has_frames;              /* its tables have a struct frame; false for the kernel's until
                                     page_table_adopt_kernel */
    bool may_share;               /* last-level tables with others: it was once forked (law 12) */
    uint16_t context_id;          /* PCID, 0 if not set; fixed before the first activation */
    struct cpu_mask active_cpus;  /* who translates through it now (S3); atomic */
    struct cpu_mask caching_cpus; /* who may have cached some of it: those, and with a context id of
                                     its own all that ever did. Kernel half: all. Atomic */
};

/*
 * The kernel's table: an empty root. Its operations accept the upper half only. Its tables stay
 * when they become empty; only page_table_merge frees one (T3). Errors: STATUS_NO_MEMORY.
 */
enum status page_table_create_kernel(struct page_table *table);

/*
 * A process's table: an empty lower half, and the upper slots of `kernel` as they are now. Its
 * operations accept the lower half below USER_END only. Errors: STATUS_NO_MEMORY.
 */
enum status page_table_create_user(struct page_table *table, const struct page_table *kernel);

/*
 * Frees what the user table still maps and its tables, down to the root. Errors: STATUS_BUSY, some
 * CPU translates through it; nothing changed then.
 */
enum status page_table_destroy_user(struct page_table *table);

/*
 * Makes every table down to the one whose entries are at `level` exist for the range, so that
 * mapping leaves of at least that level in it cannot fail (T4). The kernel uses it at boot to fill
 * its root slots for good. An unmap of a range in the lower half frees such tables again.
 * Errors: STATUS_NO_MEMORY; STATUS_INVALID.
 */
enum status page_table_reserve(struct page_table *table, struct virt_range range, unsigned level);

/*
 * Maps the range to the contiguous memory at `pa`, with leaves as large as alignment, the CPU and
 * `largest_level` (0, 1 or 2) allow. The entries do not count as owners: what they reach is not
 * freed by unmap (device memory, the direct map, the kernel image).
 * Errors: STATUS_EXISTS, some page of the range is not ABSENT; STATUS_INVALID, also where `pa` is
 * not page-aligned; STATUS_OUT_OF_RANGE; STATUS_NO_MEMORY.
 */
enum status page_table_map(struct page_table *table, struct virt_range range, phys_addr_t pa,
                           struct page_attributes attributes, unsigned largest_level);

/*
 * Maps page i of the range to the frame at pages[i], with 4 KiB leaves that own it: map_count goes
 * up by one, and unmap frees the frame with its last entry; but FRAME_FILE, whose object keeps it.
 * Errors: as page_table_map. Every page must have a struct frame.
 */
enum status page_table_map_frames(struct page_table *table, struct virt_range range,
                                  const phys_addr_t *pages, struct page_attributes attributes);

/*
 * Replaces whatever the range maps by `pa` as page_table_map does, entry by entry: what was mapped
 * is never absent in between. The explicit way to overwrite. Errors: as page_table_map, without
 * STATUS_EXISTS.
 */
enum status page_table_remap(struct page_table *table, struct virt_range range, phys_addr_t pa,
                             struct page_attributes attributes, unsigned largest_level,
                             struct tlb_gather *gather) REQUIRES(gather);

/*
 * The same with a frame for each page, which 4 KiB leaves own as page_table_map_frames has it. The
 * way to give a page to who must not write to what others have too.
 */
enum status page_table_remap_frames(struct page_table *table, struct virt_range range,
                                    const phys_addr_t *pages, struct page_attributes attributes,
                                    struct tlb_gather *gather) REQUIRES(gather);

/*
 * Removes every entry of the range, splitting large leaves that stick out of it; absent pages are
 * skipped. Tables of the lower half that became empty are freed. `unmapped_pages` (may be null)
 * gets the number of 4 KiB pages that were mapped or parked. Errors: STATUS_NO_MEMORY, a split
 * needs a table; STATUS_INVALID.
 */
enum status page_table_unmap(struct page_table *table, struct virt_range range,
                             struct tlb_gather *gather, uint64_t *unmapped_pages) REQUIRES(gather);

/*
 * The same, but frames that owned entries reached stay allocated, with map_count lowered; the
 * caller has another way to them, and sees to it that no other table frees them before the gather
 * is finished.
 */
enum status page_table_unmap_keeping_frames(struct page_table *table, struct virt_range range,
                                            struct tlb_gather *gather, uint64_t *unmapped_pages)
    REQUIRES(gather);

/*
 * Unmaps, and fails with STATUS_NOT_FOUND, changing nothing, where a page of the range is ABSENT.
 */
enum status page_table_unmap_strict(struct page_table *table, struct virt_range range,
                                    struct tlb_gather *gather) REQUIRES(gather);

/*
 * Gives every mapped page of the range these rights and this cache policy, splitting large leaves
 * that stick out of it; absent pages are skipped. A frame that other entries own too, or an object,
 * is not made writable: who writes to it needs a copy, or has to be asked first. RIGHT_NONE parks
 * the entries: their frames stay counted and their contents stay (law 4). Errors: STATUS_NO_MEMORY;
 * STATUS_INVALID.
 */
enum status page_table_protect(struct page_table *table, struct virt_range range,
                               struct page_attributes attributes, struct tlb_gather *gather)
    REQUIRES(gather);

/*
 * Lets `child`, another process's table, have every 4 KiB page of the range that `table` has: they
 * share the last-level tables, which neither of them can write through from then on (law 12). The
 * cost grows with the tables, not with the pages. Both ends of the range are multiples of 2 MiB
 * or ends of user memory, and `child` has nothing there; large leaves are left out.
 *
 * A page below a shared table can be read by all. Before any of them maps, or lets its process
 * write, there, page_table_unshare makes the table its own; unmap and protect do so by themselves.
 * Errors: STATUS_NO_MEMORY; STATUS_INVALID.
 */
enum status page_table_share(struct page_table *table, struct page_table *child,
                             struct virt_range range, struct tlb_gather *gather) REQUIRES(gather);

/*
 * Makes every shared last-level table that the range meets the table's own. Pages that others have
 * too are read-only in it, whatever they were. Errors: STATUS_NO_MEMORY; STATUS_INVALID.
 */
enum status page_table_unshare(struct page_table *table, struct virt_range range,
                               struct tlb_gather *gather) REQUIRES(gather);

/*
 * Moves all that the range maps or parks so that it begins at `to`, without copying: entries keep
 * their frames and what CPUs have noted of them. The two ranges do not overlap, the new one is
 * ABSENT, and no large leaf is in the old one. Errors: STATUS_NO_MEMORY; STATUS_INVALID.
 */
enum status page_table_move(struct page_table *table, struct virt_range range, virt_addr_t to,
                            struct tlb_gather *gather) REQUIRES(gather);

/*
 * Joins the tables whose block lies in the range into large leaves, where all their entries are
 * leaves of contiguous, aligned, unowned memory with the same attributes and the CPU has leaves of
 * that size. The tables are freed after the flush. Never fails; needs no memory.
 */
void page_table_merge(struct page_table *table, struct virt_range range, struct tlb_gather *gather)
    REQUIRES(gather);

enum page_kind : uint8_t { PAGE_ABSENT, PAGE_PARKED, PAGE_MAPPED };

struct page_query {
    enum page_kind kind;
    uint8_t level;                     /* of the entry that ended the walk */
    bool is_accessed;                  /* PAGE_MAPPED only */
    bool is_dirty;                     /* kept while the page is parked */
    bool is_owned;                     /* the entry counts as an owner of its frame */
    bool is_table_shared;              /* its table may be others' too; at level 0 only */
    uint32_t table_sharers;            /* then: how many have that table */
    phys_addr_t pa;                    /* of the address asked for, offset included; 0 is legal */
    struct page_attributes attributes; /* of the leaf; PAGE_MAPPED only */
    uint8_t effective_rights;          /* AND over the levels */
};

/* `rights` without EXECUTE where the CPU has no NX: nobody can deny it there, so nobody granted it.
 */
static inline uint8_t deniable_rights(uint8_t rights) {
    return platform_features()->has_no_execute ? rights : (uint8_t)(rights & ~RIGHT_EXECUTE);
}

/* The half that the table's operations accept. */
struct virt_range page_table_half_range(const struct page_table *table);

/*
 * What the table says of `va`, in any half of it and whatever table is active. Never fails: an
 * entry that should lead to a table and does not is as one that is absent. May be called while the
 * table is changed: an entry that is being changed is as it was or as it will be.
 */
struct page_query page_table_query(const struct page_table *table, virt_addr_t va);

/* How many tables it has in its half, the root included; shared ones count. */
uint64_t page_table_count(const struct page_table *table);

/*
 * Calls `visit` for each leaf and each parked entry that the range meets, in ascending order, until
 * it returns false. `va` is the first address of the entry that lies in the range.
 */
void page_table_for_each(const struct page_table *table, struct virt_range range,
                         bool (*visit)(void *context, virt_addr_t va,
                                       const struct page_query *entry),
                         void *context);

/* One step of a walk, for fault reports: the raw entry that was read at a level. */
struct page_walk_step {
    uint8_t level;
    uint16_t index;
    phys_addr_t table;
    uint64_t raw;
    uint64_t reserved_bits; /* that are set in it, and that no present entry may have */
    uint8_t rights;         /* what it grants by itself; RIGHT_NONE where it is not present */
    char words[96];         /* "present, writable, user, accessed, 4 KiB leaf" */
};

struct page_walk {
    uint8_t step_count;
    struct page_walk_step steps[5];
};

/* Records the walk of `va` from the root to where it stops: at a leaf, at what is not present, or
 * at a reserved bit, as a CPU's does; and at an entry that leads to none of our tables. Never
 * fails.
 */
void page_table_walk(const struct page_table *table, virt_addr_t va, struct page_walk *walk);

/* The bit that stops an access: of the entry at `level`, which should be the other way round. */
struct page_walk_stop {
    bool is_stopped;
    bool is_set; /* as it is in the entry */
    uint8_t level;
    uint8_t bit;
    const char *name; /* the manual's: "P", "R/W", "U/S", "XD", "reserved" */
};

/*
 * What stops an access that wants these rights of the walk and, in supervisor mode under SMAP and
 * SMEP, a page without `forbidden` ones (RIGHT_USER, or none): an absent or corrupt entry, else the
 * uppermost entry that denies a right, of which USER comes before WRITE (SDM 3A 4.6.1, 4.7).
 */
struct page_walk_stop page_walk_find_stop(const struct page_walk *walk, uint8_t wanted,
                                          uint8_t forbidden);

/*
 * Makes this table the one that the current CPU translates through, instead of `previous`, which
 * may be null (S3). Pre-emption is off. With PCIDs, and a context id of its own, what the CPU still
 * has of the table stays valid (S55).
 */
void page_table_activate(struct page_table *table, struct page_table *previous);

/*
 * Marks the tables of the kernel half, which were taken from the early allocator, as FRAME_TABLE
 * with their counts. Called once, right after frame_init.
 */
void page_table_adopt_kernel(struct page_table *table);

END_C_DECLS
