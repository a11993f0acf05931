#pragma once

#include "kernel/process/process.h"

/* What the current process may do to another. */

/* man 2 kill: root may, and whoever has the user's real or effective id as real or saved one; and
 * anyone may continue what is in the same session. */
bool may_signal(const struct process *process, unsigned signal) REQUIRES(process_tree);

/* man 2 ptrace, "Ptrace access mode checking", by the real ids: root may, and whoever has all the
 * ids of a process that may be dumped. */
bool may_trace(const struct process *process) REQUIRES(process_tree);
