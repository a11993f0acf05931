#pragma once

#include "kernel/boot/boot.h"
#include "kernel/files/path/path.h"
#include "lib/decls.h"

/* The files that there are at first: what the RAM disk holds, in memory, and the usual devices. */

BEGIN_C_DECLS

/* Once, before the first process. What is missing or damaged is said in the log. A machine without
 * memory for a root stops. */
void root_begin(const struct boot_result *boot);

/* From the root, on behalf of root. */
struct path_view root_view(void);

END_C_DECLS
