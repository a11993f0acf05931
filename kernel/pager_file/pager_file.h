#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Files by which a program fills missing pages of its memory itself (man 2 userfaultfd). */

BEGIN_C_DECLS

/* /proc/sys/vm/unprivileged_userfaultfd: 1 where everybody's pages may keep the kernel itself
 * waiting, not root's alone. Atomic. */
extern uint32_t pager_file_trusts_everybody;

/* One for the memory of the current process. `serves_programs_only` (UFFD_USER_MODE_ONLY): what the
 * kernel needs of the pages fails. Errors: STATUS_NO_MEMORY. */
enum status pager_file_open(bool serves_programs_only, uint32_t flags, struct file **file);

END_C_DECLS
