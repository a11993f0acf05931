#pragma once

#include <stdint.h>

#include "kernel/files/path/path.h"
#include "kernel/process/process.h"
#include "kernel/user_stack/user_stack.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* Running programs: man 2 execve, and the kernel's own way. */

BEGIN_C_DECLS

/* Strings that grow: each terminated, one behind the other. */
struct string_store {
    char *bytes; /* owned; of the heap */
    size_t used_bytes, capacity_bytes;
    size_t limit_bytes;
    size_t count;
};

/* man 2 execve's limit for one string: MAX_ARG_STRLEN, with the terminator. */
constexpr size_t ARGUMENT_SIZE_MAX = 131'072;

/* Errors: STATUS_TOO_LONG; STATUS_NO_MEMORY. */
enum status string_store_add(struct string_store *store, const char *text);

/* How many pointers stand before the null in an array in user memory; a null address is an empty
 * array. Errors: STATUS_FAULT; STATUS_INTERRUPTED, the process is to end. */
enum status string_array_count(uint64_t array, size_t *count);

/* Adds what so many pointers of an array in user memory point to. Errors: as both of the above. */
enum status string_store_add_user(struct string_store *store, uint64_t array, size_t count);
void string_store_free(struct string_store *store);

/* A program to be run, by path. Strings are in the kernel's memory. */
struct exec_request {
    struct path_view view;
    const char *path;
    const char *shown_path;       /* AT_EXECFN, and what a script's interpreter is told */
    uint32_t open_flags;          /* OPEN_NO_FOLLOW or 0 */
    const struct location *place; /* not null: instead of the path; not owned */
    bool loses_path;              /* the shown path is a descriptor's, which is closed: no script */
    struct file *file;            /* owned; null until process_exec_open, and after process_exec */
    struct string_store arguments, environment; /* owned by the caller; changed by scripts */
    char interpreter[256];                      /* of the last script; empty: there is none */
};

/* Opens the file, which comes before anything is asked about the strings. Errors: those of
 * executable_open. */
enum status process_exec_open(struct exec_request *request);

/*
 * Replaces the current process's program by the file that is open. On success `frame` is that of
 * its first instruction. Errors: man 2 execve's, and the process is as it was, or is to end.
 */
enum status process_exec(struct exec_request *request, struct trap_frame *frame);

/* Frees the strings, and the file if it is still there. */
void exec_request_release(struct exec_request *request);

struct process_start {
    const char *path;
    struct string_list arguments; /* from argv[0] */
    struct string_list environment;
    struct path_view view;
    struct file *terminal; /* becomes descriptors 0, 1 and 2; not owned */
};

/*
 * Makes a process of a program, in a session of its own, that the kernel itself waits for;
 * process_run lets it run. Errors, each with a numbered line on `complaints` (docs/messages.md),
 * and nothing is left behind: those of program_load, and of opening the file.
 */
enum status process_create(const struct process_start *start, const struct text_sink *complaints,
                           struct process **process);
void process_run(struct process *process);

/* Sleeps until it has ended, frees what is left of it, and says how it ended. */
struct process_end process_await(struct process *process);

END_C_DECLS
