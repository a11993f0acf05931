#pragma once

#include "mm/paging/cursor.h"
#include "mm/paging/table_pool.h"
#include "mm/paging/tlb_gather.h"

/* Changes of the one live entry that a cursor stands at, with what they owe. */

/* Owes what replacing `old` by `next` in the cursor's entry owes (law 6). */
void entry_owe_change(struct pt_cursor *at, pte_t old, pte_t next, struct tlb_gather *gather)
    REQUIRES(gather);

/* The same where `next` is of another page size: all that can be cached of the block (law 7). One
 * INVLPG is enough only for an entry that maps a page (SDM 3A 4.10.4.2). */
void entry_owe_block(pte_t old, pte_t next, struct tlb_gather *gather) REQUIRES(gather);

/* Cuts the large leaf, or large parked entry, into the 512 pieces of a table of the pool (law 7).
 * The entry is a table entry afterwards. */
void entry_split(struct pt_cursor *at, struct table_pool *pool, struct tlb_gather *gather)
    REQUIRES(gather);

/*
 * Makes the shared table that the entry refers to the table's own: its last sharer takes it as it
 * is, any other takes a copy from the pool (law 12). The entry grants writing afterwards.
 */
void entry_unshare(struct pt_cursor *at, struct table_pool *pool, struct tlb_gather *gather)
    REQUIRES(gather);

/* Goes down into the table that the entry refers to, to change it: a shared one is unshared. */
void entry_enter_table(struct pt_cursor *at, struct table_pool *pool, struct tlb_gather *gather)
    REQUIRES(gather);

/* Unhooks the shared table that the entry refers to; returns how many pages it held. */
uint64_t entry_drop_shared_table(struct pt_cursor *at, struct tlb_gather *gather) REQUIRES(gather);

/* Unhooks the table that the entry refers to, if it has no entries and may go (T3). */
void entry_drop_empty_table(struct pt_cursor *at, struct tlb_gather *gather) REQUIRES(gather);
