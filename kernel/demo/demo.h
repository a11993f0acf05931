#pragma once

#include "kernel/boot/boot.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/* What the machine shows when it is told nothing: two processes that use the same address for
 * different things, one that breaks the rules, and what all of it took. */
void demo_run(const struct boot_result *boot);

END_C_DECLS
