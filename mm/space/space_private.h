#pragma once

#include "lib/list.h"
#include "mm/frame/memory_map.h"
#include "mm/lock/sleep_lock.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"
#include "mm/space/area_tree.h"
#include "mm/space/space_usage.h"
#include "mm/space/user_memory.h"

/* What the sources of this room share. */

/*
 * A process and those that came of it by fork. They can have the same frames, at the same pages;
 * so a frame's tag says its family, and whoever looks for its entries looks in these spaces.
 */
struct space_family {
    struct list_node spaces; /* guarded by the registry's lock; never empty */
};

struct address_space {
    struct page_table table; /* its lower or upper half is guarded by lock */
    struct sleep_lock lock;
    struct area_tree areas;           /* guarded by lock */
    struct list_node link;            /* guarded by the registry's lock; unused in the kernel's */
    struct space_family *family;      /* fixed at creation; null for the kernel's */
    struct list_node family_link;     /* in it; guarded by the registry's lock */
    char name[SPACE_NAME_SIZE_BYTES]; /* fixed at creation */
    uint32_t pin_count;               /* itself, and cuts of objects that come by; atomic */

    /* All guarded by lock. */
    struct space_limits limits;
    struct space_limits (*ask_limits)(void); /* null: `limits` */
    virt_addr_t mmap_end;                    /* where space_find_gap begins */
    enum memory_lock future_lock;            /* of what will be mapped */
    uint64_t resident_pages;                 /* entries that are not absent */
    uint64_t peak_resident_pages;
};

/* Notes that as many more entries are not absent. */
static inline void count_resident(struct address_space *space, uint64_t page_count) {
    space->resident_pages += page_count;
    if (space->resident_pages > space->peak_resident_pages) {
        space->peak_resident_pages = space->resident_pages;
    }
}

/* Frees the space with the last pin, after space_unmake. */
void space_unpin(struct address_space *space);

/* Prepares everything but the page table; nobody else knows the space yet. */
void space_init(struct address_space *space, const char *name);

/* Forgets every space but the kernel's, and makes that one current on every CPU. */
void space_registry_init(void);

/* A space that nobody can find yet, without any area; space_publish lets it be found, space_unmake
 * frees it with all it has. Errors: STATUS_NO_MEMORY. */
enum status space_make(const char *name, struct address_space **space);
void space_publish(struct address_space *space, struct space_family *family);
void space_unmake(struct address_space *space);

/* All that the space's areas can lie in: its half. */
struct virt_range space_whole_range(const struct address_space *space);

/* The sanitised map of the machine. */
const struct memory_map *kernel_space_memory(void);

/* CHECKs that the token covers `range` of its space, for writing (L1). */
void check_locked_for_writing(const struct locked_range *token, struct virt_range range);
