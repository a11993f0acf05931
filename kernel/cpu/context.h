#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/cpu/trap.h"
#include "lib/decls.h"
#include "mm/addr/addr.h"

BEGIN_C_DECLS

/* What a thread that is not running keeps on its kernel stack: the registers that a C function
 * must preserve, then where it goes on. */
struct cpu_context {
    uint64_t r15, r14, r13, r12, rbx, rbp, rip;
};

/*
 * Prepares a stack that ends at `stack_top` (16-byte aligned) so that the first switch to the
 * returned context calls entry(argument) there, with interrupts as the switcher had them. `entry`
 * never returns.
 */
struct cpu_context *context_create(void *stack_top, void (*entry)(void *), void *argument);

/* Saves the running thread at *from and goes on with `to`. With interrupts off. Returns when
 * somebody switches back to *from. Floating-point state, FS and stacks are the caller's to move. */
void context_switch(struct cpu_context **from, struct cpu_context *to);

/* Leaves the current stack for good and calls entry(argument), which never returns, on another. */
[[noreturn]] void context_start(void *stack_top, void (*entry)(void *), void *argument);

/*
 * Goes to user mode with the registers of `frame`, which lies on the current kernel stack. CS, SS
 * and the system flags of RFLAGS are put right first; a RIP that is not a user address becomes a
 * general protection fault of the program (trap_handle).
 */
[[noreturn]] void context_enter_user(struct trap_frame *frame);

/* A frame for a program's first instruction: everything 0 but RIP, RSP and what user mode needs. */
void context_user_frame(struct trap_frame *frame, virt_addr_t entry, virt_addr_t stack);

/* The bases that the current user thread sees; the caller has checked that they are user addresses.
 */
void user_set_fs_base(virt_addr_t base);
void user_set_gs_base(virt_addr_t base);
virt_addr_t user_fs_base(void);
virt_addr_t user_gs_base(void);

END_C_DECLS
