#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * Memory has run out for the current task: ends the process that has the most of it, raised or
 * lowered by oom_score_adj (man 5 proc), and says so in the log. Returns when that process has
 * given its memory back or a moment has passed, so that the access can be tried again; the current
 * process's own end comes before it goes on in user mode.
 */
void oom_end_somebody(void);

END_C_DECLS
