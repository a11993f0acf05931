#pragma once

#include "kernel/files/file/file.h"
#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Open files that stand for a process (man 2 pidfd_open): ready to read once it has ended. */

BEGIN_C_DECLS

/* Of the open flags only FILE_NO_WAIT matters. Errors: STATUS_NO_MEMORY. */
enum status pidfd_create(struct process *process, uint32_t flags, struct file **file);

/* The process, which the file holds; null: it is no such file. */
struct process *pidfd_process(const struct file *file);

END_C_DECLS
