#pragma once

#include "kernel/boot/boot.h"
#include "kernel/process/exec.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Programs from the RAM disk, run by the kernel itself. */

BEGIN_C_DECLS

/* Makes a process of the file at `path`, with arguments from argv[1]. Errors: process_create's; the
 * log says which. */
enum status program_create(const char *path, struct string_list arguments,
                           struct process **process);

/* "WHO: exited with status N" or "WHO: killed by signal N (NAME)". */
void program_log_end(const char *who, struct process_end end);

/* How many frames are free once all that is kept for speed has been given back. */
uint64_t program_free_frames(void);

/* Runs the command line's init to its end, and says what became of it and of its frames. */
void program_run_init(const struct boot_result *boot);

END_C_DECLS
