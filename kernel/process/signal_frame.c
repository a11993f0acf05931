#include "kernel/process/signal_frame.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/fpu.h"
#include "kernel/cpu/user_copy.h"
#include "mm/addr/layout.h"

/* struct sigcontext of Linux's <asm/sigcontext.h>. */
struct machine_context {
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
    uint64_t rflags;
    uint16_t cs, gs, fs, ss;
    uint64_t error_code, vector, old_mask, fault_address;
    uint64_t floating_point; /* where the fpu area is */
    uint64_t reserved[8];
};

static_assert(sizeof(struct machine_context) == 256);

/* struct ucontext of <asm-generic/ucontext.h>. */
struct user_context {
    uint64_t flags, link;
    struct signal_stack stack;
    struct machine_context machine;
    signal_set blocked;
};

struct signal_frame {
    uint64_t restorer; /* the handler's return address */
    struct user_context context;
    struct signal_info info;
};

constexpr uint64_t CONTEXT_HAS_XSTATE = 1;  /* UC_FP_XSTATE */
constexpr uint64_t CONTEXT_HAS_SS = 2;      /* UC_SIGCONTEXT_SS */
constexpr uint64_t CONTEXT_RESTORES_SS = 4; /* UC_STRICT_RESTORE_SS */
constexpr uint64_t RED_ZONE_BYTES = 128;    /* below the stack pointer, the function's own */

constexpr uint64_t RFLAGS_OFF_IN_HANDLER = 1ull << 8 | 1ull << 10 | 1ull << 16; /* TF, DF, RF */

static bool is_within(const struct signal_stack *stack, uint64_t stack_pointer) {
    return stack_pointer > stack->start && stack_pointer - stack->start <= stack->size_bytes;
}

bool signal_stack_is_in_use(const struct task *task, uint64_t stack_pointer) {
    const struct signal_stack *stack = &task->signal_stack;
    bool is_usable = !(stack->flags & (STACK_DISABLED | STACK_AUTODISARM));
    return is_usable && is_within(stack, stack_pointer);
}

size_t signal_frame_size_bytes(void) {
    constexpr size_t alignment = FPU_AREA_ALIGNMENT + 16;
    return sizeof(struct signal_frame) + fpu_user_size_bytes() + alignment;
}

/* Where frames begin: below what the interrupted function has, or at the top of the alternate
 * stack. */
static uint64_t choose_top(const struct task *task, const struct trap_frame *frame,
                           const struct signal_action *action) {
    const struct signal_stack *stack = &task->signal_stack;
    bool is_wanted = (action->flags & ACTION_ON_STACK) && !(stack->flags & STACK_DISABLED) &&
                     stack->size_bytes > 0;
    if (is_wanted && !signal_stack_is_in_use(task, frame->rsp)) {
        return stack->start + stack->size_bytes;
    }
    return frame->rsp - RED_ZONE_BYTES;
}

static struct signal_stack describe_stack(const struct task *task, uint64_t stack_pointer) {
    struct signal_stack stack = task->signal_stack;
    stack.flags |= signal_stack_is_in_use(task, stack_pointer) ? STACK_IN_USE : 0;
    return stack;
}

static struct machine_context save(const struct trap_frame *frame, signal_set blocked) {
    return (struct machine_context){
        .r8 = frame->r8,
        .r9 = frame->r9,
        .r10 = frame->r10,
        .r11 = frame->r11,
        .r12 = frame->r12,
        .r13 = frame->r13,
        .r14 = frame->r14,
        .r15 = frame->r15,
        .rdi = frame->rdi,
        .rsi = frame->rsi,
        .rbp = frame->rbp,
        .rbx = frame->rbx,
        .rdx = frame->rdx,
        .rax = frame->rax,
        .rcx = frame->rcx,
        .rsp = frame->rsp,
        .rip = frame->rip,
        .rflags = frame->rflags,
        .cs = SELECTOR_USER_CODE,
        .ss = SELECTOR_USER_DATA,
        .error_code = frame->vector < TRAP_SYSCALL ? frame->error_code : 0,
        .vector = frame->vector < TRAP_SYSCALL ? frame->vector : 0,
        .old_mask = blocked,
        .fault_address = frame->fault_address,
    };
}

static void restore(struct trap_frame *frame, const struct machine_context *machine) {
    frame->r8 = machine->r8;
    frame->r9 = machine->r9;
    frame->r10 = machine->r10;
    frame->r11 = machine->r11;
    frame->r12 = machine->r12;
    frame->r13 = machine->r13;
    frame->r14 = machine->r14;
    frame->r15 = machine->r15;
    frame->rdi = machine->rdi;
    frame->rsi = machine->rsi;
    frame->rbp = machine->rbp;
    frame->rbx = machine->rbx;
    frame->rdx = machine->rdx;
    frame->rax = machine->rax;
    frame->rcx = machine->rcx;
    frame->rsp = machine->rsp;
    frame->rip = machine->rip;
    frame->rflags = (frame->rflags & ~RFLAGS_USER) | (machine->rflags & RFLAGS_USER);
    frame->cs = SELECTOR_USER_CODE;
    frame->ss = SELECTOR_USER_DATA;
}

/* A program has one code segment and one for its stack; any other would fault in IRET. */
static bool can_return_to(const struct user_context *context) {
    constexpr uint16_t ring_3 = 3;
    bool is_stack_given = (context->flags & CONTEXT_RESTORES_SS) != 0;
    return (context->machine.cs | ring_3) == SELECTOR_USER_CODE &&
           (!is_stack_given || (context->machine.ss | ring_3) == SELECTOR_USER_DATA);
}

/* The interrupted code's floating-point state, as XSAVE laid it out. */
static bool push_floating_point(uint64_t at) {
    void *area = task_current()->thread->fpu_area;
    fpu_save(area);
    fpu_describe_for_user(area);
    size_t size_bytes = fpu_user_size_bytes();
    size_t missing = user_copy_out(virt_addr(at), area, fpu_area_size_bytes());
    uint32_t end_mark = FPU_USER_END_MARK;
    if (missing == 0 && size_bytes > fpu_area_size_bytes()) {
        missing = user_copy_out(virt_addr(at + fpu_area_size_bytes()), &end_mark, sizeof(end_mark));
    }
    return missing == 0;
}

/* The thread's own area is what a switch saves to and restores from, even in the middle of a copy:
 * what a program wrote comes into it only after it was looked at. */
static enum status pop_floating_point(uint64_t at) {
    alignas(FPU_AREA_ALIGNMENT) char copy[FPU_AREA_SIZE_MAX];
    void *area = task_current()->thread->fpu_area;
    if (at == 0) {
        fpu_reset(area);
        return STATUS_OK;
    }
    if (!is_aligned(at, FPU_AREA_ALIGNMENT) ||
        user_copy_in(copy, virt_addr(at), fpu_area_size_bytes()) != 0 ||
        !fpu_area_can_be_restored(copy)) {
        fpu_reset(area);
        return STATUS_FAULT;
    }
    fpu_replace(area, copy);
    return STATUS_OK;
}

enum status signal_frame_push(struct trap_frame *frame, const struct signal_action *action,
                              const struct signal_info *info, signal_set blocked) {
    struct task *task = task_current();
    uint64_t top = choose_top(task, frame, action);
    bool is_on_other =
        top != frame->rsp - RED_ZONE_BYTES || signal_stack_is_in_use(task, frame->rsp);
    uint64_t floating_point = align_down(top - fpu_user_size_bytes(), FPU_AREA_ALIGNMENT);
    uint64_t at = align_down(floating_point - sizeof(struct signal_frame), 16) - 8;
    struct signal_frame pushed = {
        .restorer = action->restorer,
        .context =
            {
                .flags = CONTEXT_HAS_SS | CONTEXT_RESTORES_SS |
                         (fpu_has_xsave() ? CONTEXT_HAS_XSTATE : 0),
                .stack = describe_stack(task, frame->rsp),
                .machine = save(frame, blocked),
                .blocked = blocked,
            },
        .info = *info,
    };
    pushed.context.machine.floating_point = floating_point;
    bool has_room = !is_on_other || is_within(&task->signal_stack, at);
    if (!has_room || !push_floating_point(floating_point) ||
        user_copy_out(virt_addr(at), &pushed, sizeof(pushed)) != 0) {
        return STATUS_FAULT;
    }
    if (task->signal_stack.flags & STACK_AUTODISARM) {
        task->signal_stack = (struct signal_stack){.flags = STACK_DISABLED};
    }
    frame->rdi = (uint64_t)info->signal;
    frame->rsi = at + offsetof(struct signal_frame, info);
    frame->rdx = at + offsetof(struct signal_frame, context);
    frame->rax = 0;
    frame->rip = action->handler;
    frame->rsp = at;
    frame->rflags &= ~RFLAGS_OFF_IN_HANDLER;
    fpu_reset(task->thread->fpu_area);
    return STATUS_OK;
}

enum status signal_frame_pop(struct trap_frame *frame, signal_set *blocked) {
    struct task *task = task_current();
    struct user_context context;
    uint64_t at = frame->rsp - sizeof(uint64_t) + offsetof(struct signal_frame, context);
    if (user_copy_in(&context, virt_addr(at), sizeof(context)) != 0) {
        return STATUS_FAULT;
    }
    if (!can_return_to(&context)) {
        return STATUS_FAULT;
    }
    enum status status = pop_floating_point(context.machine.floating_point);
    if (status != STATUS_OK) {
        return status;
    }
    restore(frame, &context.machine);
    frame->vector = TRAP_SYSCALL; /* RCX and R11 are the program's, so not by SYSRET */
    *blocked = context.blocked;
    struct signal_stack stack = context.stack;
    stack.flags &= STACK_DISABLED; /* SS_AUTODISARM is not set again, as on Linux */
    if (!signal_stack_is_in_use(task, frame->rsp) &&
        (stack.flags == STACK_DISABLED || stack.size_bytes >= STACK_SIZE_MIN)) {
        task->signal_stack = stack;
    }
    return STATUS_OK;
}
