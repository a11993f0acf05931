#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/memory_map.h"

/*
 * Physical memory: one `struct frame` for each page of RAM, and the buddy allocator over them.
 * docs/mm_invariants.md writes the layout out state by state (F1..F4).
 */

BEGIN_C_DECLS

enum frame_state : uint8_t {
    FRAME_RESERVED = 0, /* not ours: firmware, device, hole, bad. All-zero bytes mean this. */
    FRAME_FREE,         /* in the buddy allocator; nothing reaches it, no TLB either (F3) */
    FRAME_TABLE,        /* a page table */
    FRAME_ANON,         /* user memory without a file */
    FRAME_FILE,         /* user memory of a file */
    FRAME_KERNEL,       /* kernel image, heap, stacks, frame array, boot data */
};

enum frame_zone : uint8_t {
    ZONE_LOW,    /* below 1 MiB: real-mode trampolines; never handed out unless asked for */
    ZONE_DMA32,  /* below 4 GiB */
    ZONE_NORMAL, /* the rest; falls back to ZONE_DMA32 */
    ZONE_COUNT,
};

constexpr unsigned FRAME_STATE_COUNT = 6;
constexpr unsigned FRAME_ORDER_MAX = 18; /* the largest block: 1 GiB */

/* struct frame's flags. */
constexpr uint8_t FRAME_INSIDE_BLOCK = 1; /* allocated, but not the first of its block */
constexpr uint8_t FRAME_HEAP_OBJECT = 2;  /* KERNEL: mm/heap holds it; set and read by the heap */
constexpr uint8_t FRAME_COUNTED = 4;      /* TABLE: mm/audit, the only one to use it, was there */
constexpr uint8_t FRAME_SET_ASIDE = 8; /* FILE: of a page that nobody has used yet; its object's */

struct frame {
    enum frame_state state; /* guarded by the owner; FREE and its edges by the zone's lock */
    uint8_t order;          /* FREE or allocated: log2 of the pages, in the block's first frame */
    union {
        uint8_t level;      /* TABLE: the level of its entries */
        uint8_t size_class; /* KERNEL with FRAME_HEAP_OBJECT: of mm/heap */
    };
    uint8_t flags;      /* of those above; guarded as state is */
    uint32_t map_count; /* ANON, FILE, KERNEL: counted leaf and parked entries that reach it (F2);
                           atomic */
    union {
        struct {
            struct list_node link; /* guarded by the zone's lock */
        } free;
        struct {
            uint32_t share_count; /* entries that refer to it (T1); atomic */
            uint16_t entry_count; /* entries that are not ABSENT; guarded by the space's lock */
            void *owner;          /* the struct page_table it belongs to; null: it may be several */
        } table;
        struct {
            void *owner;             /* what a frame's entries can be found from */
            uint64_t index;          /* page index within the owner */
            struct list_node *extra; /* free for the owner's use */
        } owned;
        struct {
            struct list_node link; /* guarded by its size class's lock */
            uint64_t free_slots;   /* bit n: object n of the page is free; same guard */
        } slab;
        struct {
            struct list_node link; /* the holder's: pools, gathers waiting for their flush */
            uint64_t value;
        } listed;
    };
};

static_assert(sizeof(struct frame) == 32);

struct frame_counts {
    uint64_t total; /* frames with a struct frame, FRAME_RESERVED ones aside */
    uint64_t by_state[FRAME_STATE_COUNT];
    uint64_t free_by_zone[ZONE_COUNT];
};

/* Bytes that the frame array of this map takes; its first element is for physical address 0. */
uint64_t frame_array_size_bytes(const struct memory_map *map);

/*
 * Builds the frame array at `array` and hands all usable memory that the early allocator has not
 * given out or reserved to the buddy allocator. Every page of `array` that stands for RAM is mapped
 * and zeroed by the caller; pages that stand for holes need not be mapped. What early_alloc gave
 * out becomes FRAME_KERNEL. Called once; early_alloc must not be called afterwards.
 */
void frame_init(struct frame *array, const struct memory_map *map);

/* Whether `pa` lies in RAM that has a struct frame. Device memory does not. */
bool frame_exists(phys_addr_t pa);

/* The frame of `pa`, which must exist; and back. */
struct frame *frame_of(phys_addr_t pa);
phys_addr_t frame_address(const struct frame *frame);

/* The frame behind an address that platform_phys_to_virt gave, or of a byte near it. */
struct frame *frame_of_pointer(const void *pointer);

/*
 * The state of any page that has a frame (F1). frame_of(pa)->state says the same of every frame
 * that is not free; inside a free block that was never used it still says FRAME_RESERVED, since
 * boot writes the first frame of a block alone.
 */
enum frame_state frame_state_of(phys_addr_t pa);

/*
 * Allocates one frame below `zone`'s limit in `state` (not FREE or RESERVED), contents unspecified,
 * map_count 0 and union zeroed. Before frame_init it is served by the early allocator.
 * Errors: STATUS_NO_MEMORY.
 */
enum status frame_alloc(enum frame_state state, enum frame_zone zone, phys_addr_t *pa);

/* The same, filled with zeroes through the direct map. */
enum status frame_alloc_zeroed(enum frame_state state, enum frame_zone zone, phys_addr_t *pa);

/*
 * 1 << order physically contiguous frames, aligned to their size (order at most FRAME_ORDER_MAX).
 * Each of them has `state`. Freed as one by frame_free of the first.
 */
enum status frame_alloc_block(unsigned order, enum frame_state state, enum frame_zone zone,
                              phys_addr_t *pa);

/*
 * `page_count` contiguous frames at a multiple of `alignment` bytes, for devices and trampolines;
 * what the block had more than that is given back. Freed page by page.
 */
enum status frame_alloc_contiguous(uint64_t page_count, uint64_t alignment, enum frame_state state,
                                   enum frame_zone zone, phys_addr_t *pa);

/*
 * Gives a frame, or the block it heads, back. Only for memory that no entry has ever reached or
 * whose flush has returned (F3, G2); what was mapped is freed by tlb_gather_finish alone. CHECKs
 * map_count 0, a state other than FREE and RESERVED, and that it heads its block.
 */
void frame_free(phys_addr_t pa);

/*
 * Hands memory that early_reserve kept for the boot (loader, RAM disk) to the allocator: every page
 * that the bytes touch. What is no memory is skipped. CHECKs that each page is FRAME_KERNEL, so a
 * page that two pieces share must not be released with both.
 */
void frame_release_boot(phys_addr_t start, uint64_t size_bytes);

/* Adopts a frame that the early allocator gave out into `state`, so that its counts can be kept. */
void frame_adopt(phys_addr_t pa, enum frame_state state);

struct frame_counts frame_count(void);
const char *frame_state_name(enum frame_state state);

/*
 * Visits every block of the free lists; for the audit (F4). `visit` gets the first frame's address
 * and the order. It runs under the zone's lock: it must not allocate or free.
 */
void frame_for_each_free_block(void (*visit)(void *context, phys_addr_t pa, unsigned order,
                                             enum frame_zone zone),
                               void *context);

/* One more past the highest page that has a struct frame. */
uint64_t frame_page_limit(void);

END_C_DECLS
