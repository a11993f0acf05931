#pragma once

#include "lib/decls.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"
#include "mm/space/area.h"

/* What to do about an access that the CPU refused, as areas and tables are now. */

BEGIN_C_DECLS

enum fault_action : uint8_t {
    RESOLVE_NOTHING,      /* the tables allow it: another CPU was faster, or a TLB knew less */
    RESOLVE_UNSHARE,      /* the table is not the process's own; then decide again */
    RESOLVE_ZERO_PAGE,    /* read before anything was written: the page of zeroes will do */
    RESOLVE_ZERO_FILL,    /* a zeroed frame of its own */
    RESOLVE_GRANT,        /* the page that is there, with less than the area grants */
    RESOLVE_COPY,         /* written to while others have it too: a copy of its own */
    RESOLVE_SHOW,         /* the object's page; to be written to only where the area is shared */
    RESOLVE_COPY_OBJECT,  /* written to before it was read: a copy of the object's page */
    ASK_PAGER,            /* somebody else fills it; then decide again */
    REFUSE_NOT_MAPPED,    /* no memory is there (SEGV_MAPERR) */
    REFUSE_NOT_PERMITTED, /* the area does not allow it (SEGV_ACCERR) */
    REFUSE_BEHIND_END,    /* the object ends before it (SIGBUS) */
};

/* What there is behind the address. */
struct fault_walk {
    struct page_query entry; /* that ended the walk */
    bool is_sole_owner;      /* its frame is an anonymous one that no other entry owns */
    bool is_behind_end;      /* the area's object has no such page */
    bool is_in_source;       /* somebody has used that page of the object */
};

/* Total and pure (D1). `area` is that of the address; null where there is none. */
enum fault_action fault_decide(const struct vm_area *area, const struct fault_walk *walk,
                               enum space_access_kind access);

/* The same for the loader's write to a space that no CPU has run: rights do not matter. */
enum fault_action fault_decide_load(const struct vm_area *area, const struct fault_walk *walk);

END_C_DECLS
