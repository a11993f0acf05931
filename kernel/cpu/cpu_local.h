#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * What each CPU has for itself. In the kernel the GS base points at this CPU's own; in user mode it
 * is held in MSR_KERNEL_GS_BASE. The first fields are known to the assembly by offset (layout.inc).
 */
constexpr unsigned CPU_LOCAL_COUNT = 64; /* CPUs that there can be */

struct cpu_local {
    struct cpu_local *self;      /* fixed at creation */
    uint64_t kernel_stack_top;   /* of the current thread: where SYSCALL puts its frame */
    uint64_t user_stack_pointer; /* SYSCALL's scratch, with interrupts off */
    uint32_t nmi_depth;          /* more than 0: no IRET may unblock NMIs */
    uint32_t preempt_count;      /* more than 0: the current thread keeps this CPU */
    void *thread;                /* the kernel's current thread */
    uint32_t index;              /* fixed at creation; 0 is the boot CPU */
    bool is_reschedule_wanted;   /* written with interrupts off */
};

/* This CPU's; stable only while the caller cannot be moved to another CPU. */
static inline struct cpu_local *cpu_local(void) {
    struct cpu_local *local;
    __asm__ volatile("movq %%gs:0, %0" : "=r"(local));
    return local;
}

/* One instruction each, so that a thread moved between two of them counts on one CPU. */
static inline void cpu_preempt_disable(void) {
    __asm__ volatile("incl %%gs:%c0" ::"i"(offsetof(struct cpu_local, preempt_count))
                     : "memory", "cc");
}

static inline void cpu_preempt_enable(void) {
    __asm__ volatile("decl %%gs:%c0" ::"i"(offsetof(struct cpu_local, preempt_count))
                     : "memory", "cc");
}

/*
 * Brings this CPU from the loader's state to the kernel's: features, descriptor tables, SYSCALL,
 * GS, and opens NMIs, which the loader masked. Called first, once for each CPU, with interrupts
 * off, which stay off. `index` is below CPU_LOCAL_COUNT.
 */
void cpu_init(uint32_t index);

END_C_DECLS
