#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/features.h"
#include "kernel/cpu/trap.h"

/* entry.asm */
extern const char syscall_entry[];

/* Of RFLAGS, what SYSCALL clears before the kernel's first instruction (law 13). */
constexpr uint64_t FLAG_MASK = RFLAGS_TRAP | RFLAGS_INTERRUPTS | RFLAGS_DIRECTION |
                               RFLAGS_ALIGNMENT_CHECK | RFLAGS_NESTED_TASK | RFLAGS_IO_PRIVILEGE;

/* SYSCALL takes CS from STAR[47:32] and SS from 8 above it; 64-bit SYSRET takes SS from 8 above
 * STAR[63:48] and CS from 16 above it (SDM 3A 5.8.8). */
static_assert(SELECTOR_KERNEL_DATA == SELECTOR_KERNEL_CODE + 8);
static_assert(SELECTOR_USER_DATA == SELECTOR_USER_CODE_32 + 8);
static_assert(SELECTOR_USER_CODE == SELECTOR_USER_CODE_32 + 16);

void syscall_enable(void) {
    cpu_write_msr(MSR_STAR,
                  (uint64_t)SELECTOR_USER_CODE_32 << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    cpu_write_msr(MSR_LSTAR, (uint64_t)syscall_entry);
    cpu_write_msr(MSR_SYSCALL_FLAG_MASK, FLAG_MASK);
    if (cpu_features()->has_sysenter) {
        cpu_write_msr(MSR_SYSENTER_CS, 0); /* SYSENTER, the 32-bit way in, faults (SDM 2B) */
    }
}
