#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/* What the machine shows when it is told nothing: two processes that use the same address for
 * different things, one that breaks the rules, and what all of it took. */
void demo_run(void);

END_C_DECLS
