#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/untrusted.h"

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

/* `area` is valid. */
void fpu_restore(const void *area);

/*
 * The current thread's registers become what `checked` holds, or what a new program starts with;
 * `area` is the thread's own. Nothing can switch in between and save the old registers over it.
 */
void fpu_replace(void *area, const void *checked);
void fpu_reset(void *area);

/*
 * The area as a signal handler finds it on its stack: what it holds is said in bytes that the CPU
 * leaves to software, and a mark follows it (Linux's <asm/sigcontext.h>, struct _fpx_sw_bytes).
 */
constexpr uint32_t FPU_USER_END_MARK = 0x46505845;
size_t fpu_user_size_bytes(void);
void fpu_describe_for_user(void *area);
bool fpu_has_xsave(void);

/* The same as a tracer finds it (man 2 ptrace, NT_X86_XSTATE): which states there can be, alone. */
void fpu_describe_for_tracer(void *area);

/* The area's x87 and SSE state becomes that of the legacy region of another one (SDM 1 10.5.1). */
void fpu_area_take_legacy(void *area, TRUSTED const void *legacy);

/* The exceptions that are flagged and not masked, of SSE or of the x87 unit, in the bits of MXCSR
 * and FSW (SDM 1 8.1.3, 10.2.3). */
unsigned fpu_area_exceptions(const void *area, bool is_sse);

/* Whether an area that a program wrote can be restored without a fault (SDM 1 13.8). */
[[nodiscard]] bool fpu_area_can_be_restored(TRUSTED const void *area);

/* Sets CR0, CR4 and XCR0 up for the above on this CPU. Called by cpu_init. */
void fpu_enable(void);

END_C_DECLS
