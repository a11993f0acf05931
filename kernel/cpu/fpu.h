#pragma once

#include <stddef.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * A thread's floating-point and vector state, by XSAVE or FXSAVE (SDM 1 10.5, 13.4). The kernel
 * itself uses none of it. An area is FPU_AREA_ALIGNMENT-aligned and belongs to one thread.
 */
constexpr size_t FPU_AREA_ALIGNMENT = 64;
constexpr size_t FPU_AREA_SIZE_MAX = 4096;

/* At most FPU_AREA_SIZE_MAX; constant after fpu_enable. */
size_t fpu_area_size_bytes(void);

/* Fills an area with the state that a new program starts with. */
void fpu_area_init(void *area);

void fpu_save(void *area);
void fpu_restore(const void *area);

/* Sets CR0, CR4 and XCR0 up for the above on this CPU. Called by cpu_init. */
void fpu_enable(void);

END_C_DECLS
