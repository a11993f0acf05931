#include <stddef.h>

#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/trap.h"

/* The numbers of layout.inc, which the assembly uses. */

static_assert(offsetof(struct cpu_local, kernel_stack_top) == 8);
static_assert(offsetof(struct cpu_local, user_stack_pointer) == 16);
static_assert(offsetof(struct cpu_local, nmi_depth) == 24);

static_assert(offsetof(struct trap_frame, fault_address) == 0);
static_assert(offsetof(struct trap_frame, r15) == 8);
static_assert(offsetof(struct trap_frame, r11) == 40);
static_assert(offsetof(struct trap_frame, rcx) == 112);
static_assert(offsetof(struct trap_frame, rax) == 120);
static_assert(offsetof(struct trap_frame, vector) == 128);
static_assert(offsetof(struct trap_frame, error_code) == 136);
static_assert(offsetof(struct trap_frame, rip) == 144);
static_assert(offsetof(struct trap_frame, cs) == 152);
static_assert(offsetof(struct trap_frame, rflags) == 160);
static_assert(offsetof(struct trap_frame, rsp) == 168);
static_assert(offsetof(struct trap_frame, ss) == 176);

static_assert(SELECTOR_USER_DATA == 0x2b);
static_assert(SELECTOR_USER_CODE == 0x33);
static_assert(TRAP_SYSCALL == 256);
