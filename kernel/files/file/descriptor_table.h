#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Which small numbers stand for which open files in a process (man 2 open, dup, fcntl). Threads may
 * use one table at once. `limit` is RLIMIT_NOFILE: a number at or above it is not given.
 */

BEGIN_C_DECLS

struct descriptor_table; /* made and freed only here */

constexpr uint32_t DESCRIPTOR_LIMIT_MAX = 1'048'576; /* no table grows beyond it */

/* Empty, with one reference. Errors: STATUS_NO_MEMORY. */
enum status descriptor_table_create(struct descriptor_table **table);

/* Another holder of the same table (CLONE_FILES), and one less; the last one closes everything. */
void descriptor_table_ref(struct descriptor_table *table);
void descriptor_table_unref(struct descriptor_table *table);

/* Whether there is more than the caller's reference. */
bool descriptor_table_is_shared(const struct descriptor_table *table);

/* fork: a table of its own for the same open files. Numbers that are only reserved are not taken
 * over. Errors: STATUS_NO_MEMORY. */
enum status descriptor_table_clone(struct descriptor_table *table, struct descriptor_table **copy);

/*
 * The lowest free number from `lowest` on is taken, for a file that is still to be opened; until it
 * is filled it stands for none. Errors: STATUS_TOO_MANY_FILES; STATUS_INVALID, `lowest` is not
 * below the limit; STATUS_NO_MEMORY.
 */
enum status descriptor_reserve(struct descriptor_table *table, uint32_t lowest, uint32_t limit,
                               bool closes_on_exec, uint32_t *number);

/* Ends a reservation: the caller's reference becomes the table's, or the number is free again. */
void descriptor_fill(struct descriptor_table *table, uint32_t number, struct file *file);
void descriptor_cancel(struct descriptor_table *table, uint32_t number);

/* What the number stands for, with a reference. Errors: STATUS_BAD_DESCRIPTOR. */
enum status descriptor_get(struct descriptor_table *table, uint32_t number, struct file **file);

/* The lowest number from `from` on that stands for a file; false: there is none. */
[[nodiscard]] bool descriptor_next(struct descriptor_table *table, uint32_t from, uint32_t *number);

/* How many numbers the table has room for, for /proc/PID/status. */
uint32_t descriptor_table_size(struct descriptor_table *table);

/* man 2 close. Errors: STATUS_BAD_DESCRIPTOR. */
enum status descriptor_close(struct descriptor_table *table, uint32_t number);

/*
 * man 2 dup2, dup3 with two different numbers: closes what `to` stood for. Errors:
 * STATUS_BAD_DESCRIPTOR, `from` stands for nothing or `to` is not below the limit; STATUS_BUSY,
 * `to` is reserved; STATUS_NO_MEMORY.
 */
enum status descriptor_copy_to(struct descriptor_table *table, uint32_t from, uint32_t to,
                               uint32_t limit, bool closes_on_exec);

/* F_GETFD, F_SETFD. Errors: STATUS_BAD_DESCRIPTOR. */
enum status descriptor_closes_on_exec(struct descriptor_table *table, uint32_t number,
                                      bool *closes_on_exec);
enum status descriptor_set_close_on_exec(struct descriptor_table *table, uint32_t number,
                                         bool closes_on_exec);

/* man 2 close_range, from first to last; the same with CLOSE_RANGE_CLOEXEC. */
void descriptor_close_range(struct descriptor_table *table, uint32_t first, uint32_t last);
void descriptor_mark_range(struct descriptor_table *table, uint32_t first, uint32_t last);

/* execve: closes what is marked for it. */
void descriptor_close_marked(struct descriptor_table *table);

END_C_DECLS
