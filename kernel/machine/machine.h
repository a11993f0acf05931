#pragma once

#include "kernel/command_line/command_line.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/* The last thing that the machine does: waits for a key that chooses, turns itself off, starts
 * again, or stops. Says in the log which. */
[[noreturn]] void machine_finish(enum final_act act);

/* The same without a word in the log, and without waiting for anything that may be broken: for a
 * panic. Interrupts are off. */
[[noreturn]] void machine_finish_silently(enum final_act act);

END_C_DECLS
