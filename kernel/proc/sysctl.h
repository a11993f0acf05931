#pragma once

#include <stdint.h>

#include "lib/decls.h"

/* Settings of /proc/sys that the kernel obeys (man 5 proc). */

BEGIN_C_DECLS

/* 0: refuses what is obviously too much; 1: refuses nothing; 2: keeps to the limit. */
uint32_t sysctl_overcommit_memory(void);

END_C_DECLS
