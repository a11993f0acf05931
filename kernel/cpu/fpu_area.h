#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/untrusted.h"

/* What may be in memory that XRSTOR or FXRSTOR is to read, so that it does not fault (SDM 1 13.8).
 */

BEGIN_C_DECLS

constexpr size_t FPU_LEGACY_SIZE_BYTES = 512; /* SDM 1 10.5.1 */
constexpr size_t FPU_HEADER_SIZE_BYTES = 64;  /* of XSAVE, behind it (SDM 1 13.4.2) */
constexpr size_t FPU_OFFSET_MXCSR = 24;

struct fpu_rules {
    uint32_t mxcsr_mask; /* the bits of MXCSR that the CPU has */
    uint64_t states;     /* those that XCR0 enables; 0: there is no XSAVE, and no header */
};

/* The area has both regions, or the legacy one alone where rules->states is 0. */
[[nodiscard]] bool fpu_area_is_valid(UNTRUSTED const void *area, const struct fpu_rules *rules);

END_C_DECLS
