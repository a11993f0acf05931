#include "kernel/cpu/context.h"
#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/fpu.h"
#include "kernel/process/ptrace.h"
#include "kernel/process/signal_frame.h"
#include "mm/addr/layout.h"

/* A tracee's registers as its tracer sees them. */

/* What Linux leaves in RAX of a call that a signal has interrupted, and may make again. */
constexpr int64_t AGAIN_IF_ASKED = -512;       /* ERESTARTSYS */
constexpr int64_t AGAIN_ALWAYS = -513;         /* ERESTARTNOINTR */
constexpr int64_t AGAIN_UNLESS_HANDLED = -514; /* ERESTARTNOHAND */

static int64_t result_of(enum restart_kind restart) {
    switch (restart) {
    case RESTART_UNLESS_HANDLED:
        return AGAIN_UNLESS_HANDLED;
    case RESTART_IF_ASKED:
        return AGAIN_IF_ASKED;
    case RESTART_ALWAYS:
        return AGAIN_ALWAYS;
    case RESTART_NEVER:
        return STATUS_INTERRUPTED;
    }
    __builtin_unreachable();
}

static enum restart_kind restart_of(int64_t result) {
    switch (result) {
    case AGAIN_UNLESS_HANDLED:
        return RESTART_UNLESS_HANDLED;
    case AGAIN_IF_ASKED:
        return RESTART_IF_ASKED;
    case AGAIN_ALWAYS:
        return RESTART_ALWAYS;
    default:
        return RESTART_NEVER;
    }
}

/* Where each register that is nothing but a number lies in a frame. */
static uint64_t *register_in(struct trap_frame *frame, unsigned index) {
    static const uint16_t offsets[REGISTER_COUNT] = {
        [REGISTER_R15] = offsetof(struct trap_frame, r15),
        [REGISTER_R14] = offsetof(struct trap_frame, r14),
        [REGISTER_R13] = offsetof(struct trap_frame, r13),
        [REGISTER_R12] = offsetof(struct trap_frame, r12),
        [REGISTER_RBP] = offsetof(struct trap_frame, rbp),
        [REGISTER_RBX] = offsetof(struct trap_frame, rbx),
        [REGISTER_R11] = offsetof(struct trap_frame, r11),
        [REGISTER_R10] = offsetof(struct trap_frame, r10),
        [REGISTER_R9] = offsetof(struct trap_frame, r9),
        [REGISTER_R8] = offsetof(struct trap_frame, r8),
        [REGISTER_RAX] = offsetof(struct trap_frame, rax),
        [REGISTER_RCX] = offsetof(struct trap_frame, rcx),
        [REGISTER_RDX] = offsetof(struct trap_frame, rdx),
        [REGISTER_RSI] = offsetof(struct trap_frame, rsi),
        [REGISTER_RDI] = offsetof(struct trap_frame, rdi),
        [REGISTER_RIP] = offsetof(struct trap_frame, rip),
        [REGISTER_RFLAGS] = offsetof(struct trap_frame, rflags),
        [REGISTER_RSP] = offsetof(struct trap_frame, rsp),
    };
    uint16_t offset = offsets[index];
    return offset != 0 ? (uint64_t *)((char *)frame + offset) : nullptr;
}

static_assert(offsetof(struct trap_frame, r15) != 0);

void trace_save_registers(struct trace *trace, struct trap_frame *frame) {
    struct task *task = task_current();
    uint64_t *registers = trace->registers;
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        const uint64_t *in = register_in(frame, i);
        registers[i] = in ? *in : 0;
    }
    bool is_call = frame->vector == TRAP_SYSCALL;
    registers[REGISTER_CALL] = is_call ? task->call_number : UINT64_MAX;
    if ((int64_t)frame->rax == STATUS_INTERRUPTED) {
        registers[REGISTER_RAX] = (uint64_t)result_of(task->restart);
    }
    registers[REGISTER_CS] = SELECTOR_USER_CODE;
    registers[REGISTER_SS] = SELECTOR_USER_DATA;
    registers[REGISTER_FS_BASE] = user_fs_base().value;
    registers[REGISTER_GS_BASE] = user_gs_base().value;
    fpu_save(task->thread->fpu_area);
    __builtin_memcpy(trace->floating_point, task->thread->fpu_area, fpu_area_size_bytes());
    trace->are_registers_changed = trace->is_floating_point_changed = false;
}

/* A call is made again where the tracer says so by its result, as Linux has it. */
static void load_call(struct task *task, struct trap_frame *frame, const uint64_t *registers) {
    enum restart_kind restart = restart_of((int64_t)registers[REGISTER_RAX]);
    bool is_call = (int64_t)registers[REGISTER_CALL] >= 0;
    bool was_interrupted = frame->rax == (uint64_t)(int64_t)STATUS_INTERRUPTED;
    frame->rax = registers[REGISTER_RAX];
    task->call_number = registers[REGISTER_CALL];
    if (is_call && restart != RESTART_NEVER) {
        task->restart = restart;
        frame->rax = (uint64_t)(int64_t)STATUS_INTERRUPTED;
    } else if (was_interrupted) {
        task->restart = RESTART_NEVER;
    }
}

static void load(const struct trace *trace, struct task *task, struct trap_frame *frame) {
    const uint64_t *registers = trace->registers;
    load_call(task, frame, registers);
    for (unsigned i = 0; i < REGISTER_COUNT; i++) {
        uint64_t *in = i != REGISTER_RAX ? register_in(frame, i) : nullptr;
        if (in) {
            *in = registers[i];
        }
    }
    user_set_fs_base(virt_addr(registers[REGISTER_FS_BASE]));
    user_set_gs_base(virt_addr(registers[REGISTER_GS_BASE]));
}

void trace_load_registers(struct trace *trace, struct trap_frame *frame) {
    struct task *task = task_current();
    if (trace->are_registers_changed) {
        load(trace, task, frame);
    }
    if (trace->is_floating_point_changed) {
        fpu_replace(task->thread->fpu_area, trace->floating_point);
    }
}

enum status trace_set_register(struct trace *trace, unsigned index, uint64_t value) {
    constexpr uint64_t selector_mask = 0xffff;
    uint64_t *at = &trace->registers[index];
    bool is_allowed = true;
    switch (index) {
    case REGISTER_CS:
    case REGISTER_SS:
    case REGISTER_DS:
    case REGISTER_ES:
    case REGISTER_FS:
    case REGISTER_GS:
        is_allowed = (value & selector_mask) == *at; /* there are no other segments */
        value = *at;
        break;
    case REGISTER_FS_BASE:
    case REGISTER_GS_BASE:
        is_allowed = value < USER_END;
        break;
    case REGISTER_RFLAGS:
        value = (*at & ~RFLAGS_USER) | (value & RFLAGS_USER);
        break;
    }
    if (is_allowed) {
        *at = value;
        trace->are_registers_changed = true;
    }
    return is_allowed ? STATUS_OK : STATUS_IO_ERROR;
}
