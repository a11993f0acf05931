#pragma once

#include "mm/addr/addr.h"
#include "mm/audit/audit.h"
#include "mm/audit/findings.h"
#include "mm/space/address_space.h"

/* What the sources of this room share: one audit. */
struct audit {
    struct findings findings;
    struct audit_result result;
};

/* Tables, entries and areas of every space (P2, T1, V1, V2, S1, K1, K2, K5). */
void audit_spaces(struct audit *audit);

/* Frames against the entries that reach them and the free lists (F1..F4, T1). */
void audit_frames(struct audit *audit);

/* The kernel half's executable memory against its writable memory (K3). */
void audit_aliases(struct audit *audit);

/* The name of the forbidden range that `pa` lies in (K4); null where there is none. */
const char *audit_forbidden_name(phys_addr_t pa);
void audit_live(struct audit *audit);
