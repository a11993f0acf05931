#pragma once

#include <stdint.h>

#include "mm/addr/addr.h"
#include "mm/paging/page_table.h"
#include "mm/paging/pte.h"

/* A walk of whole tables that trusts nothing it reads. */

struct walk_entry {
    virt_addr_t va; /* the first address it covers */
    unsigned level;
    pte_t pte;
    enum pte_kind kind; /* not PTE_ABSENT */
    uint8_t rights;     /* AND over the levels down to this one, as deniable_rights has it */
};

struct walk_visitor {
    void *context;

    /* Called for every entry that is not absent; a table entry comes before what is below it. */
    void (*entry)(void *context, const struct walk_entry *entry);

    /* Asked before the walk goes into a table below the root; may be null: it always goes. */
    bool (*enters)(void *context, struct frame *table);

    /* Called for every table after its entries, the root too; may be null. */
    void (*table)(void *context, phys_addr_t table, unsigned level, unsigned entry_count);
};

/* Whether `pa` is a frame that says it is a page table; the walk enters no other. */
bool walk_can_enter(phys_addr_t pa);

/* Visits the table's own half; the entry count of the root is of both halves. */
void walk_half(const struct page_table *table, const struct walk_visitor *visitor);
