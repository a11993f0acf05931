#pragma once

#include "lib/decls.h"

BEGIN_C_DECLS

/* The kernel's answers to mm/platform.h; these two move them along with the boot. */

/* After cpu_init: what this CPU can do. Physical memory is seen through the loader's identity
 * mapping. */
void mm_platform_begin(void);

/* After kernel_space_activate: physical memory is seen through the direct map. */
void mm_platform_use_direct_map(void);

END_C_DECLS
