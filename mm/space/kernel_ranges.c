#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/space/area_edit.h"
#include "mm/space/frame_batch.h"
#include "mm/space/kernel_space.h"
#include "mm/space/ram_runs.h"
#include "mm/space/space_private.h"

/*
 * A reservation is an area, with an area of one page on either side where it has guards. Each
 * function below ending in _locked wants the kernel's space locked for writing.
 */

static const struct page_attributes no_attributes = {};

static struct virt_range region(void) {
    constexpr uint64_t page_count = (KERNEL_RANGES_END - KERNEL_RANGES_BASE) >> PAGE_SHIFT;
    return virt_range(virt_addr(KERNEL_RANGES_BASE), page_count);
}

static struct virt_range guard_before(struct virt_range range) {
    return virt_range(virt_addr(range.start.value - PAGE_SIZE), 1);
}

static struct virt_range guard_after(struct virt_range range) {
    return virt_range(virt_add(range.start, virt_range_size_bytes(range)), 1);
}

static bool is_valid_rights(uint8_t rights) {
    constexpr uint8_t both = RIGHT_WRITE | RIGHT_EXECUTE;
    return (rights & RIGHT_USER) == 0 && (rights & both) != both && rights != RIGHT_NONE;
}

static struct page_attributes kernel_attributes(uint8_t rights, enum cache_policy cache) {
    struct page_attributes attributes = {.rights = rights | RIGHT_READ | RIGHT_GLOBAL,
                                         .cache = cache};
    return attributes;
}

static enum status reserve_locked(struct locked_range *token, uint64_t page_count,
                                  uint64_t alignment, const char *name, struct virt_range *range)
    REQUIRES(token) {
    struct area_tree *areas = &token->space->areas;
    struct gap_request request = {
        .within = region(),
        .page_count = page_count,
        .alignment_bytes = alignment,
        .guard_pages = 1,
    };
    if (!area_tree_find_lowest_gap(areas, &request, range)) {
        return STATUS_NO_MEMORY;
    }
    struct spare_areas spares;
    enum status status = spare_areas_take(&spares, 3);
    if (status == STATUS_OK) {
        area_add(areas, &spares, guard_before(*range), AREA_GUARD, no_attributes, name);
        area_add(areas, &spares, *range, AREA_RESERVED, no_attributes, name)->has_own_guards = true;
        area_add(areas, &spares, guard_after(*range), AREA_GUARD, no_attributes, name);
    }
    return status;
}

enum status kernel_range_reserve_at(struct virt_range range, const char *name) {
    if (!virt_range_is_valid(range.start, range.page_count, 4) ||
        !virt_range_covers(region(), range)) {
        return STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(kernel_space(), region(), &token);
    struct area_tree *areas = &token.space->areas;
    struct spare_areas spares;
    enum status status = STATUS_EXISTS;
    if (!area_tree_overlaps(areas, range)) {
        status = spare_areas_take(&spares, 1);
    }
    if (status == STATUS_OK) {
        area_add(areas, &spares, range, AREA_RESERVED, no_attributes, name);
    }
    space_unlock(&token);
    return status;
}

enum status kernel_range_reserve(uint64_t page_count, uint64_t alignment, const char *name,
                                 struct virt_range *range) {
    struct locked_range token;
    space_lock_for_writing(kernel_space(), region(), &token);
    enum status status = reserve_locked(&token, page_count, alignment, name, range);
    space_unlock(&token);
    return status;
}

static bool stop_at_entry(void *context, virt_addr_t, const struct page_query *) {
    *(bool *)context = true;
    return false;
}

static bool is_anything_mapped(const struct page_table *table, struct virt_range range) {
    bool is_mapped = false;
    page_table_for_each(table, range, stop_at_entry, &is_mapped);
    return is_mapped;
}

/* The reservation that holds all of `range`; null where there is none. */
static struct vm_area *find_reservation(const struct area_tree *areas, struct virt_range range) {
    struct vm_area *area = area_tree_find(areas, range.start);
    bool is_found = area != nullptr && virt_range_covers(area->range, range) &&
                    (area->kind == AREA_RESERVED || area->kind == AREA_ANON);
    return is_found ? area : nullptr;
}

static enum status fill_locked(struct locked_range *token, struct virt_range range,
                               struct page_attributes attributes) REQUIRES(token) {
    struct address_space *space = token->space;
    struct vm_area *area = find_reservation(&space->areas, range);
    if (area == nullptr) {
        return STATUS_NOT_FOUND;
    }
    if (is_anything_mapped(&space->table, range)) {
        return STATUS_EXISTS;
    }
    struct frame_batch frames;
    enum status status = frame_batch_alloc(&frames, range.page_count, FRAME_KERNEL);
    if (status != STATUS_OK) {
        return status;
    }
    status = page_table_reserve(&space->table, range, 0);
    if (status != STATUS_OK) {
        frame_batch_free(&frames);
        return status;
    }
    frame_batch_map(&frames, &space->table, range, attributes, space);
    area->kind = AREA_ANON;
    area->attributes.rights |= attributes.rights;
    return STATUS_OK;
}

enum status kernel_range_fill(struct virt_range range, struct page_attributes attributes) {
    if (!virt_range_is_valid(range.start, range.page_count, 4) ||
        !is_valid_rights(attributes.rights) || attributes.cache != CACHE_WRITE_BACK ||
        (attributes.rights & RIGHT_EXECUTE) != 0) { /* the direct map shows them writable (K3) */
        return STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(kernel_space(), region(), &token);
    enum status status =
        fill_locked(&token, range, kernel_attributes(attributes.rights, CACHE_WRITE_BACK));
    space_unlock(&token);
    return status;
}

/* Takes the reservation that is `area`, and its guards, out. Nothing is mapped in it. */
static void drop_reservation(struct area_tree *areas, struct vm_area *area) {
    if (area->has_own_guards) {
        area_drop(areas, area_previous(area));
        area_drop(areas, area_next(area));
    }
    area_drop(areas, area);
}

enum status kernel_range_alloc(uint64_t page_count, const char *name, struct virt_range *range) {
    struct locked_range token;
    struct virt_range made;
    space_lock_for_writing(kernel_space(), region(), &token);
    enum status status = reserve_locked(&token, page_count, PAGE_SIZE, name, &made);
    if (status != STATUS_OK) {
        goto unlock;
    }
    status = fill_locked(&token, made, kernel_attributes(RIGHT_WRITE, CACHE_WRITE_BACK));
    if (status == STATUS_OK) {
        *range = made;
    } else {
        struct area_tree *areas = &token.space->areas;
        drop_reservation(areas, area_tree_find(areas, made.start));
    }
unlock:
    space_unlock(&token);
    return status;
}

/* What kernel_range_adopt finds in the tables for `range`. */
struct adoption {
    struct virt_range range;
    uint64_t page_count;
    uint64_t owned_count;
    uint8_t rights; /* deniable ones that any page grants, GLOBAL aside */
};

/* A leaf that sticks out is refused: freeing the range would have to split it, which can fail. */
static bool add_to_adoption(void *context, virt_addr_t va, const struct page_query *entry) {
    struct adoption *found = context;
    uint64_t page_count = level_size(entry->level) >> PAGE_SHIFT;
    bool is_whole = is_aligned(va.value, level_size(entry->level)) &&
                    virt_range_covers(found->range, virt_range(va, page_count));
    if (!is_whole || entry->kind != PAGE_MAPPED || entry->attributes.cache != CACHE_WRITE_BACK) {
        return false;
    }
    found->page_count += page_count;
    found->owned_count += entry->is_owned ? page_count : 0;
    found->rights |= deniable_rights(entry->attributes.rights) & (uint8_t)~RIGHT_GLOBAL;
    return true;
}

static enum status adopt_locked(struct locked_range *token, struct virt_range range, uint8_t rights)
    REQUIRES(token) {
    struct address_space *space = token->space;
    struct vm_area *area = find_reservation(&space->areas, range);
    struct adoption found = {.range = range};
    page_table_for_each(&space->table, range, add_to_adoption, &found);
    bool is_uniform = found.owned_count == 0 || found.owned_count == found.page_count;
    if (area == nullptr || area->kind != AREA_RESERVED || found.page_count != range.page_count ||
        area->range.page_count != range.page_count || !is_uniform ||
        (found.rights & ~rights) != 0) {
        return STATUS_NOT_FOUND;
    }
    area->kind = found.owned_count != 0 ? AREA_ANON : AREA_DEVICE;
    area->attributes = kernel_attributes(rights, CACHE_WRITE_BACK);
    return STATUS_OK;
}

enum status kernel_range_adopt(struct virt_range range, uint8_t rights) {
    if (!virt_range_is_valid(range.start, range.page_count, 4) || !is_valid_rights(rights)) {
        return STATUS_INVALID;
    }
    struct locked_range token;
    space_lock_for_writing(kernel_space(), region(), &token);
    enum status status = adopt_locked(&token, range, rights | RIGHT_READ);
    space_unlock(&token);
    return status;
}

static enum status map_device_locked(struct locked_range *token, phys_addr_t pa,
                                     uint64_t page_count, struct page_attributes attributes,
                                     const char *name, struct virt_range *range) REQUIRES(token) {
    struct address_space *space = token->space;
    enum status status = reserve_locked(token, page_count, PAGE_SIZE, name, range);
    if (status != STATUS_OK) {
        return status;
    }
    struct vm_area *area = area_tree_find(&space->areas, range->start);
    status = page_table_map(&space->table, *range, pa, attributes, 0);
    if (status == STATUS_OK) {
        area->kind = AREA_DEVICE;
        area->attributes = attributes;
    } else {
        drop_reservation(&space->areas, area);
    }
    return status;
}

/*
 * RAM is write-back in the direct map; another policy for the same memory at another address has no
 * defined result (SDM 3A 11.12.4).
 */
static enum status check_device(phys_addr_t pa, uint64_t size_bytes, enum cache_policy cache) {
    uint64_t last = pa.value + size_bytes - 1;
    if (size_bytes == 0 || last < pa.value) {
        return STATUS_INVALID;
    }
    bool is_ram = ram_overlaps(kernel_space_memory(), pa.value, last);
    return is_ram && cache != CACHE_WRITE_BACK ? STATUS_INVALID : STATUS_OK;
}

enum status kernel_range_map_device(phys_addr_t pa, uint64_t size_bytes, enum cache_policy cache,
                                    const char *name, void **address) {
    enum status status = check_device(pa, size_bytes, cache);
    if (status != STATUS_OK) {
        return status;
    }
    phys_addr_t first_page = phys_addr(align_down(pa.value, PAGE_SIZE));
    uint64_t page_count = (pa.value + size_bytes - 1 - first_page.value) / PAGE_SIZE + 1;
    struct page_attributes attributes = kernel_attributes(RIGHT_WRITE, cache);
    struct virt_range range;
    struct locked_range token;
    space_lock_for_writing(kernel_space(), region(), &token);
    status = map_device_locked(&token, first_page, page_count, attributes, name, &range);
    space_unlock(&token);
    if (status == STATUS_OK) {
        *address = (void *)(range.start.value + (pa.value - first_page.value));
    }
    return status;
}

static void unmap_all(struct page_table *table, struct virt_range range) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_unmap(table, range, &gather, nullptr);
    tlb_gather_finish(&gather);
    CHECK(status == STATUS_OK); /* no leaf sticks out of a range, so none is split */
}

static enum status free_locked(struct locked_range *token, virt_addr_t start) REQUIRES(token) {
    struct address_space *space = token->space;
    struct vm_area *area = area_tree_find(&space->areas, start);
    if (area == nullptr || area->range.start.value != start.value) {
        return STATUS_NOT_FOUND;
    }
    switch (area->kind) {
    case AREA_GUARD:
    case AREA_BOOT:
    case AREA_OBJECT:
        return STATUS_NOT_FOUND;
    case AREA_RESERVED:
    case AREA_ANON:
    case AREA_DEVICE:
        unmap_all(&space->table, area->range);
        drop_reservation(&space->areas, area);
        return STATUS_OK;
    }
    __builtin_unreachable();
}

enum status kernel_range_free(virt_addr_t start) {
    struct locked_range token;
    space_lock_for_writing(kernel_space(), region(), &token);
    enum status status = free_locked(&token, start);
    space_unlock(&token);
    return status;
}

enum status kernel_range_unmap_device(void *address) {
    virt_addr_t va = virt_addr_of(address);
    return kernel_range_free(virt_addr(align_down(va.value, PAGE_SIZE)));
}
