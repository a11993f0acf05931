#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "lib/tree.h"
#include "mm/addr/addr.h"
#include "mm/object/object_view.h"
#include "mm/paging/attributes.h"

BEGIN_C_DECLS

struct memory_object;

/* What a range of an address space is for; says nothing of what is mapped in it (S71). */
enum area_kind : uint8_t {
    AREA_RESERVED, /* nothing may be mapped yet: a reservation */
    AREA_GUARD,    /* never mapped: around a stack, the null guard */
    AREA_ANON,     /* frames that the area owns */
    AREA_OBJECT,   /* pages of a memory object and, where it is private, copies of them */
    AREA_DEVICE,   /* device memory, or other physical memory it does not own */
    AREA_BOOT,     /* direct map, frame array, kernel image: never freed */
};

/*
 * What an area of AREA_OBJECT shows; an open file embeds one. It lives as long as an area, or
 * somebody else, holds a reference.
 */
struct area_source {
    struct memory_object *object; /* fixed */
    const struct area_source_operations *operations;
};

/* They are called with the space's lock held; the first two may sleep. */
struct area_source_operations {
    void (*ref)(struct area_source *source);
    void (*unref)(struct area_source *source);

    /* A write has had a page of it mapped, which was not, and reaches it; may be null. */
    void (*note_store)(struct area_source *source);
};

/*
 * A source of `size_bytes` of zeroes that processes can share, with one reference: for MAP_SHARED |
 * MAP_ANONYMOUS (man 2 mmap). Errors: STATUS_NO_MEMORY, also more than may be promised;
 * STATUS_OUT_OF_RANGE, larger than an object can be. The second promises nothing (MAP_NORESERVE).
 */
enum status area_source_create_anonymous(uint64_t size_bytes, struct area_source **source);
enum status area_source_create_unreserved(uint64_t size_bytes, struct area_source **source);

/* One reference more, and one less, through the source's operations. */
void area_source_ref(struct area_source *source);
void area_source_unref(struct area_source *source);

struct area_pager;

/* An access to a page that a pager is to fill. */
struct page_request {
    struct area_pager *pager;
    virt_addr_t va; /* of the access */
    bool is_write;
    bool is_minor;    /* the source has the page: see PAGER_UNSHOWN */
    bool is_programs; /* its own instruction, which a signal may interrupt; else the kernel's */

    /* The pager's own, from `ask` until `await` has returned. */
    struct list_node link;
    void *sleeper;
    uint32_t asker;
    bool is_known, is_answered;
};

struct area_pager_operations {
    /* With the space's lock held, and without sleeping. */
    void (*ref)(struct area_pager *pager);
    void (*unref)(struct area_pager *pager);

    /*
     * Somebody needs a page. Where it answers STATUS_OK, `await` is called once no lock of the
     * space is held any more, and whatever the pager has done to the space since then ends the
     * wait. Errors: what the access is to fail with. Called with the space's lock held, and does
     * not sleep.
     */
    enum status (*ask)(struct page_request *request);

    /* Sleeps until it is worthwhile to look again. Errors: STATUS_INTERRUPTED. */
    enum status (*await)(struct page_request *request);
};

/*
 * Who fills pages of areas instead of the kernel (man 2 userfaultfd). All its areas are of one
 * space, whose lock guards the list; a reference is held by each of them, and by who waits.
 */
struct area_pager {
    const struct area_pager_operations *operations; /* fixed */
    struct list_node areas;                         /* by of_pager */
};

/* Which pages a pager is asked for. */
constexpr uint8_t PAGER_MISSING = 1; /* those that nobody has used */
constexpr uint8_t PAGER_UNSHOWN = 2; /* those that the source has, and no entry shows */

/* What an area that grows down keeps free below itself (Linux's stack_guard_gap). */
constexpr uint64_t STACK_GAP_PAGES = 256;

/*
 * man 2 mbind: which nodes memory is to come from. Kept as it was asked for and without any effect,
 * since there is one node.
 */
struct memory_policy {
    uint16_t mode;      /* with its flags; 0: as the thread says that is using it */
    bool has_home_node; /* man 2 set_mempolicy_home_node */
    uint64_t nodes;     /* a bit for each of the first 64 */
};

constexpr unsigned AREA_NAME_SIZE_BYTES = 48; /* the terminator included; longer names are cut */

/* Everything in an area that is in a space's tree is guarded by the space's lock. */
struct vm_area {
    struct tree_node node; /* in its space's tree, by start */
    struct virt_range range;

    /* Kept by the tree for the areas at and below this one, in pages. */
    uint64_t subtree_first; /* where the first of them starts, with what it keeps free below it */
    uint64_t subtree_end;   /* where the last of them ends (exclusive) */
    uint64_t subtree_gap;   /* the largest gap between two of them */

    struct area_source *source; /* null: AREA_ANON, and what is no memory. Counted */
    struct object_view view;    /* of the source's object, where there is one; its holder is the
                                   space */

    /*
     * The page of the source that the first page shows. Anonymous memory has one too, at first the
     * number of the page it starts at: it stays as memory is moved, so that a frame's tag goes on
     * saying which page it is (man 2 mremap).
     */
    uint64_t source_page;

    /*
     * Which private pages it may have: 0, none yet. Areas join only where they have the same ones,
     * or one has none, so that what was apart when it was first written to stays apart as on Linux.
     */
    uint64_t copies_id;

    struct page_attributes attributes; /* the most that an entry of it may grant (V2) */
    uint8_t rights_asked;              /* what the program asked for: PROT_WRITE alone is that */
    uint8_t rights_max;                /* the most that space_protect may give it */
    enum area_kind kind;
    bool has_own_guards;    /* the areas right before and after it are its guards */
    bool has_parents_pages; /* some of its private pages are from before a fork */
    bool is_shared;         /* MAP_SHARED: writes reach the source */
    bool grows_down;        /* MAP_GROWSDOWN: an access right below it makes it larger */
    bool is_locked;         /* man 2 mlock */
    bool is_lazily_locked;  /* is_locked, with MLOCK_ONFAULT */
    bool is_unreserved;     /* MAP_NORESERVE */
    bool is_committed;      /* counts in space_committed_pages */
    bool is_not_forked;     /* MADV_DONTFORK */
    bool is_wiped_on_fork;  /* MADV_WIPEONFORK */
    bool is_sealed;         /* man 2 mseal */
    uint8_t pager_kinds;    /* of PAGER_; 0 without a pager */
    struct memory_policy policy;
    struct area_pager *pager;        /* counted; null: the kernel fills it */
    struct list_node of_pager;       /* in its list, where there is one */
    char name[AREA_NAME_SIZE_BYTES]; /* for dumps and fault reports: "stack of init" */
};

/* Whether the area is memory of a process, that man 2 mprotect and its like work on. */
static inline bool area_is_memory(const struct vm_area *area) {
    return area->kind == AREA_ANON || area->kind == AREA_OBJECT;
}

END_C_DECLS
