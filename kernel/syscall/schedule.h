#pragma once

#include "kernel/process/process.h"

/* Whom the calls on scheduling may name, and what they may give. */

constexpr int32_t NICE_MIN = -20;
constexpr int32_t NICE_MAX = 19;

/* The thread of a number, the current one for 0; null where there is none. */
struct task *scheduled_task(uint32_t number) REQUIRES(process_tree);

/* Whether the current process is root's, or of the user of that one. */
bool may_schedule(const struct process *process) REQUIRES(process_tree);

/* man 2 getrlimit, RLIMIT_NICE: how far a nice value may come down. */
bool may_be_nice(const struct process *process, int32_t nice) REQUIRES(process_tree);
