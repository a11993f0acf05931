#pragma once

#include <stdint.h>

#include "lib/decls.h"

/* The kernel's instructions of kernel/cpu/cpu.h that a story runs on the host. */

BEGIN_C_DECLS

void kernel_flushes_page(uint64_t va);

END_C_DECLS
