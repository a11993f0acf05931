#pragma once

#include "kernel/fault/fault.h"
#include "kernel/symbols/symbols.h"
#include "lib/decls.h"
#include "lib/trace_ring.h"
#include "mm/space/address_space.h"

/*
 * Gathers what the memory manager knows of a fault. The caller has filled in what the CPU said:
 * who, instruction, address, error code and whether SMAP and SMEP were in force.
 */

BEGIN_C_DECLS

/* Where the history of entries, and the names of who asked for a change, come from. */
struct fault_sources {
    const struct trace_ring *changes;
    const struct symbol_table *symbols;
};

/* Everything, for a report. Takes the space's lock: may sleep. */
void fault_gather(struct address_space *space, const struct fault_sources *sources,
                  struct fault_facts *facts);

/* The same without a lock and so without neighbours, for what stops the machine. */
void fault_gather_unlocked(const struct address_space *space, const struct fault_sources *sources,
                           struct fault_facts *facts);

END_C_DECLS
