#pragma once

#include "kernel/process/process.h"

/* Fills process->space, which is empty, with the program and its stack, and sets the fields that
 * say where they are. Errors as process_create; what was mapped stays, for the space's owner. */
enum status process_load(struct process *process, const struct process_program *program,
                         const struct text_sink *complaints);
