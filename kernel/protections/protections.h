#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * Provokes each protection that the kernel relies on, one line of the log each: "fired", with the
 * exception, or "not claimed by this CPU". One that can be switched off is provoked once more
 * without it, and must be silent then: so what fired was that very protection. Anything else stops
 * the machine at the end: "silent"; "fired, but not as it should", by another exception, error code
 * or address; "fired, and also where it is allowed". docs/proof.md lists them all.
 */
void protections_run(void);

END_C_DECLS
