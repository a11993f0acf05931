#pragma once

#include "kernel/files/node/node.h"
#include "lib/decls.h"
#include "lib/status.h"

/* The file systems of man 5 proc and man 5 sysfs: docs/proc.md says what is in them. */

BEGIN_C_DECLS

struct file;
struct process;

/* What /proc/cmdline shows; it lives as long as the kernel. */
void proc_set_command_line(const char *text);

/* The process that an open /proc/PID stands for, which the file holds; null: it is another file. */
struct process *proc_process(const struct file *file);

/* The root of one, with a reference, for mount_attach. Errors: STATUS_NO_MEMORY. */
enum status proc_create(struct node **root);
enum status sysfs_create(struct node **root);

END_C_DECLS
