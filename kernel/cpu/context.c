#include "kernel/cpu/context.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "lib/check.h"

/* context.asm */
extern const char context_first_run[];

/* entry.asm */
[[noreturn]] void trap_resume(struct trap_frame *frame);

struct cpu_context *context_create(void *stack_top, void (*entry)(void *), void *argument) {
    CHECK(is_aligned((uint64_t)stack_top, 16));
    struct cpu_context *context = (struct cpu_context *)stack_top - 1;
    *context = (struct cpu_context){
        .r12 = (uint64_t)entry,
        .r13 = (uint64_t)argument,
        .rip = (uint64_t)context_first_run,
    };
    return context;
}

void context_user_frame(struct trap_frame *frame, virt_addr_t entry, virt_addr_t stack) {
    *frame = (struct trap_frame){
        .vector = TRAP_SYSCALL,
        .rip = entry.value,
        .cs = SELECTOR_USER_CODE,
        .rflags = RFLAGS_ALWAYS_SET | RFLAGS_INTERRUPTS,
        .rsp = stack.value,
        .ss = SELECTOR_USER_DATA,
    };
}

void context_enter_user(struct trap_frame *frame) {
    frame->cs = SELECTOR_USER_CODE;
    frame->ss = SELECTOR_USER_DATA;
    frame->rflags |= RFLAGS_ALWAYS_SET | RFLAGS_INTERRUPTS;
    frame->rflags &= ~(RFLAGS_IO_PRIVILEGE | RFLAGS_NESTED_TASK);
    trap_resume(frame);
}

/* While the kernel runs, the user's GS base waits where SWAPGS will find it. */
void user_set_fs_base(virt_addr_t base) {
    cpu_write_msr(MSR_FS_BASE, base.value);
}

void user_set_gs_base(virt_addr_t base) {
    cpu_write_msr(MSR_KERNEL_GS_BASE, base.value);
}

virt_addr_t user_fs_base(void) {
    return virt_addr(cpu_read_msr(MSR_FS_BASE));
}

virt_addr_t user_gs_base(void) {
    return virt_addr(cpu_read_msr(MSR_KERNEL_GS_BASE));
}
