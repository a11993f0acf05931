#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * Memory has run out for the current task: ends the process that has the most of it, raised or
 * lowered by oom_score_adj (man 5 proc), and says so in the log. Returns when that process has
 * given its memory back or a moment has passed, so that the access can be tried again; a process
 * that has not ended after ten of them is not waited for again. False: the current task is to end
 * itself before it goes on in user mode.
 */
bool oom_end_somebody(void);

END_C_DECLS
