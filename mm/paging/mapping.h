#pragma once

#include "mm/paging/page_table.h"
#include "mm/paging/pte.h"

/* What a range is to be mapped to: contiguous memory, or a frame for each page. */
struct mapping {
    struct virt_range range;
    struct pte_form form;
    unsigned leaf_level;      /* the largest that its leaves may have */
    phys_addr_t pa;           /* of the range's start, where `pages` is null */
    const phys_addr_t *pages; /* of owned frames */
};

/* The mapping to contiguous memory that nobody owns, where it may be made. */
enum status mapping_of_memory(const struct page_table *table, struct virt_range range,
                              phys_addr_t pa, struct page_attributes attributes,
                              unsigned largest_level, struct mapping *mapping);

/* The mapping to frames that its entries will own, where it may be made. */
enum status mapping_of_frames(const struct page_table *table, struct virt_range range,
                              const phys_addr_t *pages, struct page_attributes attributes,
                              struct mapping *mapping);

/* Whether the frames are FRAME_FILE, which are only counted, as all of one mapping are or none. */
bool frames_are_objects(const phys_addr_t *pages);

/* Counts the entries that own the mapping's frames, once they are in place (F2). */
void mapping_count_owners(const struct mapping *mapping);

static inline phys_addr_t mapping_page_at(const struct mapping *mapping, virt_addr_t va) {
    uint64_t offset = va.value - mapping->range.start.value;
    return mapping->pages == NULL ? phys_add(mapping->pa, offset)
                                  : mapping->pages[offset >> PAGE_SHIFT];
}

static inline pte_t mapping_entry_at(const struct mapping *mapping, virt_addr_t va,
                                     unsigned level) {
    return pte_of_form(mapping->form, mapping_page_at(mapping, va), level);
}
