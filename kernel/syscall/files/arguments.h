#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "kernel/files/node/credentials.h"
#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* What the arguments of a system call stand for in the current task. */

BEGIN_C_DECLS

/*
 * The open file of a descriptor, with a reference. Most calls know nothing of files that were
 * opened with O_PATH (man 2 open); `any_file` is for those that do. Errors: STATUS_BAD_DESCRIPTOR,
 * and `*file` is null.
 */
enum status open_file(uint64_t descriptor, struct file **file);
enum status any_file(uint64_t descriptor, struct file **file);

bool file_is_only_path(const struct file *file);

/* Puts a new file, whose reference it takes, at the lowest free number from `lowest` on; returns
 * that, or a negated errno, and then the file is gone. */
int64_t install_file(struct file *file, uint32_t lowest, bool closes_on_exec);

/* The same for two, whose numbers are written to `address` before anybody can use them. */
int64_t install_two_files(struct file *const files[2], bool closes_on_exec, uint64_t address);

/* RLIMIT_NOFILE, as descriptor tables take it. */
uint32_t descriptor_limit(void);

/* Whose rights count: the file-system ids, and the real ids of man 2 access. Valid as long as the
 * task does not change its groups. */
struct credentials acting_credentials(void);
struct credentials real_credentials(void);

/* Both copies return STATUS_FAULT where not all was copied. */
enum status copy_argument(void *to, uint64_t from, size_t size_bytes);
enum status copy_result(uint64_t to, TRUSTED const void *from, size_t size_bytes);

/* Sends the calling task a signal that its own call has earned: SIGPIPE, SIGXFSZ. */
void signal_caller(unsigned signal);

END_C_DECLS
