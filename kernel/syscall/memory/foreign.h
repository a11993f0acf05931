#pragma once

#include <stdint.h>

#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Memory of other processes, as far as the current one may look into them (man 2 ptrace, "Ptrace
 * access mode checking"). */

BEGIN_C_DECLS

/* A reference to the memory of a process. Errors: STATUS_NO_SUCH_PROCESS, it has none any more;
 * STATUS_NOT_PERMITTED. */
enum status foreign_memory(const struct process *process, struct process_memory **memory);

/* The same of the process that a thread's number stands for; also STATUS_NO_SUCH_PROCESS where it
 * stands for none. */
enum status foreign_memory_find(uint32_t number, struct process_memory **memory);

END_C_DECLS
