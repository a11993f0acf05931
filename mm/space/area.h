#pragma once

#include <stdint.h>

#include "lib/tree.h"
#include "mm/addr/addr.h"
#include "mm/paging/attributes.h"

/* What a range of an address space is for; says nothing of what is mapped in it (S71). */
enum area_kind : uint8_t {
    AREA_RESERVED, /* nothing may be mapped yet: a reservation */
    AREA_GUARD,    /* never mapped: under a stack, the null guard */
    AREA_ANON,     /* frames that the area owns */
    AREA_DEVICE,   /* device memory, or other physical memory it does not own */
    AREA_BOOT,     /* direct map, frame array, kernel image: adopted, never freed */
};

struct vm_area {
    struct tree_node node;             /* in its space's tree, by start; guarded by space->lock */
    struct virt_range range;           /* guarded by space->lock */
    struct page_attributes attributes; /* the most that an entry of it may grant (V2) */
    enum area_kind kind;               /* guarded by space->lock */
    char name[23];                     /* for dumps and fault reports: "stack of init" */
};
