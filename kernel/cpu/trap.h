#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * What an entry path leaves on the kernel stack, for exceptions, interrupts and system calls alike
 * (SDM 3A 6.14.1). A handler may change it; the return path restores from it.
 */
struct trap_frame {
    uint64_t fault_address; /* CR2 as the entry path read it; only meaningful for #PF */
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
    uint64_t vector;     /* 0..255; TRAP_SYSCALL for SYSCALL */
    uint64_t error_code; /* 0 where the CPU pushes none */
    uint64_t rip, cs, rflags, rsp, ss;
};

constexpr uint64_t TRAP_SYSCALL = 256;

/* Whether the frame's code ran in user mode. */
static inline bool trap_is_from_user(const struct trap_frame *frame) {
    return (frame->cs & 3) == 3;
}

/*
 * Supplied by the kernel; called with interrupts off, on the stack that the entry path chose: the
 * thread's kernel stack, or the vector's own for #DB, NMI, #DF and #MC (which may have interrupted
 * the kernel anywhere). A return to user mode with a RIP that is not a user address is turned into
 * a second call, of vector 13 with error code 0.
 */
void trap_handle(struct trap_frame *frame);

/*
 * Supplied by the kernel: a system call. The number is frame->rax, the result goes there. Called on
 * the thread's kernel stack with interrupts on.
 */
void syscall_handle(struct trap_frame *frame);

/* Points MSR_LSTAR and its company at the entry path. Called by cpu_init on each CPU. */
void syscall_enable(void);

END_C_DECLS
