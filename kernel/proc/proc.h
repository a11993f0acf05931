#pragma once

#include "kernel/files/file/file.h"
#include "kernel/files/node/node.h"
#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"

/* The file systems of man 5 proc and man 5 sysfs: docs/proc.md says what is in them. */

BEGIN_C_DECLS

/* What /proc/cmdline shows; it lives as long as the kernel. */
void proc_set_command_line(const char *text);

/* The root of one, with a reference, for mount_attach. Errors: STATUS_NO_MEMORY. */
enum status proc_create(struct node **root);
enum status sysfs_create(struct node **root);

/* The process whose directory /proc/PID the file is, as long as that is open; null: it is none. */
struct process *proc_process_of(const struct file *file);

END_C_DECLS
