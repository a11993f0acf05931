#pragma once

#include "lib/status.h"
#include "mm/space/address_space.h"

/* What space_resolve_fault does, under a token for writing. Where an area has a pager, the lock is
 * given up in between. */
enum status fault_resolve(struct locked_range *token, virt_addr_t va, enum space_access_kind access)
    REQUIRES(token);

/* Gives the process a page of its own at `va`, whatever the area allows: to load a program. Errors:
 * STATUS_FAULT, no memory belongs there; STATUS_NO_MEMORY. */
enum status fault_resolve_load(struct locked_range *token, virt_addr_t va) REQUIRES(token);
