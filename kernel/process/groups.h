#pragma once

#include "kernel/process/process.h"
#include "kernel/signal/signal.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Process groups and sessions (man 7 credentials, man 2 setpgid, setsid). */

BEGIN_C_DECLS

/* Makes the process, which is in no group, a member of both; and takes it out of both. */
void process_join(struct process *process, struct id *group, struct id *session)
    REQUIRES(process_tree);
void process_part(struct process *process) REQUIRES(process_tree);

/* man 2 setpgid: 0 stands for the current process, and for the process's own number. Errors:
 * STATUS_NOT_FOUND for ESRCH; STATUS_INVALID; STATUS_NOT_PERMITTED; STATUS_ACCESS_DENIED. */
int64_t process_set_group(uint32_t number, uint32_t group);

/* man 2 setsid. Returns the session's number, or STATUS_NOT_PERMITTED. */
int64_t process_begin_session(void);

/* Sends to every member; how many there were. */
unsigned group_send(struct id *group, const struct signal_info *info) REQUIRES(process_tree);

END_C_DECLS
