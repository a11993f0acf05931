#pragma once

#include "kernel/proc/tree/made_fs.h"
#include "kernel/process/process.h"
#include "lib/status.h"

/*
 * From a subject to the process or task that it tells of. Its `about` is the process, which may
 * have ended, and been waited for, at any moment: STATUS_NO_SUCH_PROCESS then.
 */

static inline struct process *subject_process(const struct made_subject *subject) {
    return subject->about;
}

/* The task that the subject tells of: of a process, its first one. Null: there is none any more. */
struct task *subject_task(const struct made_subject *subject) REQUIRES(process_tree);

/* Whether the process has a number, and so a place in /proc. */
bool subject_is_there(const struct made_subject *subject);

/* Its effective ids; root's where it is not dumpable (man 2 prctl). */
void subject_find_owner(const struct made_subject *subject, uint32_t *user, uint32_t *group);

/* Whether the current process may look into the other one's memory and files: it is root, or all
 * ids are its own and the other is dumpable (man 2 ptrace, PTRACE_MODE_READ_FSCREDS). */
bool may_inspect(const struct made_subject *subject);

/* What a task has, with a reference; null: it has ended. */
struct process_memory *subject_memory(const struct made_subject *subject);
struct descriptor_table *subject_files(const struct made_subject *subject);
struct file_context *subject_places(const struct made_subject *subject);

/* For made_entry: an open file tells of the memory that a process that may be inspected had then,
 * and does not keep it; nothing where the process has ended. Errors: STATUS_ACCESS_DENIED. */
enum status memory_open(const struct made_subject *subject, void **state);
void memory_release(void *state);

/* What memory_open found, with a reference; null: no process has it any more. */
struct process_memory *memory_of_state(void *state);

/* Where the current task's paths begin, owned by the caller. */
struct location reader_root(void);

/* The path of a place as the current task sees it, in PATH_SIZE_MAX bytes; an empty one where it
 * does not fit. */
const char *shown_path(const struct location *place, char *buffer);
