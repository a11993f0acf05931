#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

/* An instruction that may fault on a user address, and where to go on if it does. */
struct exception_entry {
    uint64_t instruction;
    uint64_t recovery;
};

/* The recovery for a fault at `rip`, or 0. */
uint64_t exception_table_find(TRUSTED const struct exception_entry *table, size_t count,
                              uint64_t rip);

END_C_DECLS
