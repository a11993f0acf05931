#pragma once

#include <stdint.h>

#include "kernel/process/tree_lock.h"
#include "lib/decls.h"
#include "lib/tree.h"

/* How many tasks each user has, for RLIMIT_NPROC: without a walk, and with nothing to allocate. */

BEGIN_C_DECLS

struct process;

/* A process's part of its user's tasks; all guarded by the tree lock. */
struct user_part {
    struct tree_node node; /* of all processes, by user, then by address */
    uint32_t user;         /* the real one */
    uint32_t task_count;   /* that have not ended, or that are still to be waited for */
    uint64_t task_sum;     /* of the subtree */
};

/* From when the process is known until it is reaped. */
void user_tasks_join(struct process *process) REQUIRES(process_tree);
void user_tasks_leave(struct process *process) REQUIRES(process_tree);

/* After the process has one task more or less, another first task, or another real user. */
void user_tasks_refresh(struct process *process) REQUIRES(process_tree);

uint64_t user_tasks_count(uint32_t user) REQUIRES(process_tree);

END_C_DECLS
