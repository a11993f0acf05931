#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/paging/attributes.h"
#include "mm/platform.h"

/*
 * What mm/paging says through platform_trace: one event for each operation, not for each entry. An
 * operation reports after it has taken its memory and before it changes anything, so its status is
 * known and events of one table are in the order of its changes. Recorded in that order they can be
 * run again.
 */

BEGIN_C_DECLS

struct page_table;

enum table_operation : uint8_t {
    TABLE_CREATE,  /* of the half that `range` is */
    TABLE_ADOPT,   /* the kernel's tables get frames */
    TABLE_DESTROY, /* after the TABLE_UNMAP that is part of it; the root goes when it is paid */
    TABLE_RESERVE,
    TABLE_MAP,
    TABLE_MAP_FRAMES,
    TABLE_REMAP,
    TABLE_REMAP_FRAMES,
    TABLE_UNMAP,
    TABLE_UNMAP_KEEPING_FRAMES,
    TABLE_UNMAP_STRICT,
    TABLE_PROTECT,
    TABLE_MERGE,
    TABLE_SHARE,
    TABLE_UNSHARE,
    TABLE_MOVE,
    TABLE_ACTIVATE,
    TABLE_FLUSH_START, /* CPUs are asked */
    TABLE_FLUSH_DONE,  /* and have forgotten */
    TABLE_PAID,        /* a gather owes nothing any more; now it frees */
};

constexpr unsigned TABLE_OPERATION_COUNT = TABLE_PAID + 1;

/* Pointers are good during the call only. Fields that an operation does not have are 0. */
struct table_event {
    enum table_operation operation;
    uint8_t level; /* RESERVE: of the tables; MAP, REMAP: the largest of the leaves */
    enum status status;
    const struct page_table *table; /* its root is 0 where TABLE_CREATE failed */
    struct virt_range range;        /* as asked for, whatever the status */
    phys_addr_t pa;                 /* MAP, REMAP */
    virt_addr_t to;                 /* MOVE: where the range begins then */
    const phys_addr_t *pages;       /* MAP_FRAMES, REMAP_FRAMES: one for each page of the range */
    bool are_objects;               /* MAP_FRAMES, REMAP_FRAMES: objects have those pages too */
    struct page_attributes attributes;
    const struct page_table *other; /* ACTIVATE: the one before, may be null; SHARE: the child */
    const struct tlb_flush *flush;  /* FLUSH_START, FLUSH_DONE */
    const void *caller;             /* where the operation will return to */
};

END_C_DECLS
