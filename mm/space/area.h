#pragma once

#include <stdint.h>

#include "lib/tree.h"
#include "mm/addr/addr.h"
#include "mm/paging/attributes.h"

/* What a range of an address space is for; says nothing of what is mapped in it (S71). */
enum area_kind : uint8_t {
    AREA_RESERVED, /* nothing may be mapped yet: a reservation */
    AREA_GUARD,    /* never mapped: around a stack, the null guard */
    AREA_ANON,     /* frames that the area owns */
    AREA_DEVICE,   /* device memory, or other physical memory it does not own */
    AREA_BOOT,     /* direct map, frame array, kernel image: never freed */
};

constexpr unsigned AREA_NAME_SIZE_BYTES = 48; /* the terminator included; longer names are cut */

/* Everything in an area that is in a space's tree is guarded by the space's lock. */
struct vm_area {
    struct tree_node node; /* in its space's tree, by start */
    struct virt_range range;

    /* Kept by the tree for the areas at and below this one, in pages. */
    uint64_t subtree_first; /* where the first of them starts */
    uint64_t subtree_end;   /* where the last of them ends (exclusive) */
    uint64_t subtree_gap;   /* the largest gap between two of them */

    struct page_attributes attributes; /* the most that an entry of it may grant (V2) */
    enum area_kind kind;
    bool has_own_guards;             /* the areas right before and after it are its guards */
    char name[AREA_NAME_SIZE_BYTES]; /* for dumps and fault reports: "stack of init" */
};
