#pragma once

#include "kernel/process/process.h"
#include "lib/decls.h"

/* Sessions and their terminals (man 4 tty, man 2 setsid). */

BEGIN_C_DECLS

/* Answers what terminals ask of processes. Once, at boot. */
void job_control_begin(void);

/* The end of a process: a session loses its terminal with its leader. */
void job_control_leave(struct process *process);

END_C_DECLS
