#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "mm/addr/addr.h"

/* Changes to what protects an address: behind the back of mm, for a moment, and taken back. */

BEGIN_C_DECLS

enum lift_kind : uint8_t {
    LIFT_NOTHING,
    LIFT_CR0,   /* bits of the register */
    LIFT_CR4,   /* likewise */
    LIFT_ENTRY, /* bits of the last entry that the walk of the address reads */
    LIFT_ROOT,  /* bits of the first one */
    LIFT_GUARD, /* an absent last entry: it gets the bait's page */
};

struct lift {
    enum lift_kind kind;
    uint64_t set;
    uint64_t clear;
};

/* What lift_undo puts back. */
struct lifted {
    enum lift_kind kind;
    uint64_t *entry;
    uint64_t old;
};

/* With every translation of this CPU forgotten afterwards. */
struct lifted lift_do(const struct lift *lift, virt_addr_t address);
void lift_undo(const struct lifted *lifted);

END_C_DECLS
