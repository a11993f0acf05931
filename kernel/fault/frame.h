#pragma once

#include "kernel/cpu/trap.h"
#include "kernel/fault/fault.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/* Fills in what the CPU said and how it was set when it did: everything but who, which the caller
 * knows, and what fault_gather adds. */
void fault_read_frame(const struct trap_frame *frame, struct fault_facts *facts);

END_C_DECLS
