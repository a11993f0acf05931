#pragma once

#include <stdint.h>

#include "lib/decls.h"

/* Settings of /proc/sys that the kernel obeys (man 5 proc). */

BEGIN_C_DECLS

/* How much of a program's memory lies where nobody can tell: 0 nothing, 1 all but the heap, 2 all.
 */
int64_t sysctl_randomize_va_space(void);

/* 0: refuses what is obviously too much; 1: refuses nothing; 2: keeps to the limit. */
int64_t sysctl_overcommit_memory(void);

END_C_DECLS
