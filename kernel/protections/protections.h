#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * Provokes each protection that the kernel relies on, one line of the log each: "fired", "silent"
 * or "not claimed by this CPU". One that can be switched off is provoked once more without it, and
 * must be silent then: so what fired was that very protection. Stops the machine at the end where
 * something is not as it must be. docs/command_line.md lists them.
 */
void protections_run(void);

END_C_DECLS
