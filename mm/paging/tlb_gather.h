#pragma once

#include <stdint.h>

#include "lib/capability.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "mm/addr/addr.h"
#include "mm/platform.h"

/*
 * The debt that a change of live tables leaves, and the one place that pays it (laws 1 and 5,
 * invariants G1..G4). Begin one, change tables, finish it: finish makes every CPU that may have
 * cached what is gone forget it, and only then frees what was unhooked.
 */

BEGIN_C_DECLS

struct page_table;
struct frame;

constexpr unsigned SHARED_FRAME_MAX = 32; /* past this many a gather pays early */

struct CAPABILITY("gather") tlb_gather {
    struct page_table *table;     /* fixed at begin */
    struct tlb_flush request;     /* pages[] are exact until it overflows into a wider scope */
    struct list_node dead_frames; /* no longer reached; freed after the flush (G2) */
    struct frame *shared_frames[SHARED_FRAME_MAX]; /* pages and tables that others reach too */
    uint8_t shared_count;
};

void tlb_gather_begin(struct tlb_gather *gather, struct page_table *table) ACQUIRES(gather);

/* Owes the translations of the leaf at `va`, whatever its size: one INVLPG is enough for an entry
 * that maps a page (SDM 3A 4.10.4.2). */
void tlb_gather_leaf(struct tlb_gather *gather, virt_addr_t va) REQUIRES(gather);

/* Owes all that can be cached of the table's half. */
void tlb_gather_everything(struct tlb_gather *gather) REQUIRES(gather);

/*
 * Owes what the paging-structure caches hold of a table that was unhooked from the entry of `level`
 * at `va` (G3; SDM 3A 4.10.3.1, 4.10.4.1). What the table had mapped is owed leaf by leaf.
 */
void tlb_gather_way(struct tlb_gather *gather, virt_addr_t va, unsigned level) REQUIRES(gather);

/* Frees the unhooked table after the flush (G2). */
void tlb_gather_table(struct tlb_gather *gather, phys_addr_t table) REQUIRES(gather);

/*
 * Drops one reference to an unhooked last-level table that others may refer to as well, after the
 * flush; with the last one goes the table, and the entries that it has.
 */
void tlb_gather_shared_table(struct tlb_gather *gather, phys_addr_t table) REQUIRES(gather);

/*
 * Drops one counted entry of `frame`, after the flush; the frame is freed with the last. Until then
 * it counts, so that another gather does not take its own entry for the last while CPUs still use
 * this one (F3). A FRAME_FILE is its object's, which looks for entries in every space that shows it
 * before it frees one, under the lock that this gather's flush is under; so it is only counted.
 */
void tlb_gather_frame(struct tlb_gather *gather, struct frame *frame) REQUIRES(gather);

/* Flushes what is owed, waits for every CPU, frees what is dead. Nothing owed costs nothing. */
void tlb_gather_finish(struct tlb_gather *gather) RELEASES(gather);

END_C_DECLS
