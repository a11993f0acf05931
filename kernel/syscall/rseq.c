#include "kernel/process/rseq.h"

#include "kernel/syscall/calls.h"
#include "mm/addr/layout.h"

constexpr uint32_t RSEQ_UNREGISTER = 1;

static int64_t unregister(struct task *task, const struct trap_frame *frame) {
    if (task->rseq_address == 0 || task->rseq_address != frame->rdi ||
        (uint32_t)frame->rsi != RSEQ_SIZE_BYTES) {
        return STATUS_INVALID;
    }
    if (task->rseq_signature != (uint32_t)frame->r10) {
        return STATUS_NOT_PERMITTED;
    }
    enum status status = rseq_leave();
    if (status == STATUS_OK) {
        task->rseq_address = 0;
    }
    return status;
}

static int64_t register_again(const struct task *task, const struct trap_frame *frame) {
    if (task->rseq_address != frame->rdi || (uint32_t)frame->rsi != RSEQ_SIZE_BYTES) {
        return STATUS_INVALID;
    }
    return task->rseq_signature == (uint32_t)frame->r10 ? STATUS_BUSY : STATUS_NOT_PERMITTED;
}

int64_t call_rseq(const struct trap_frame *frame) {
    struct task *task = task_current();
    uint32_t flags = (uint32_t)frame->rdx;
    if (flags & ~RSEQ_UNREGISTER) {
        return STATUS_INVALID;
    }
    if (flags & RSEQ_UNREGISTER) {
        return unregister(task, frame);
    }
    if (task->rseq_address != 0) {
        return register_again(task, frame);
    }
    if (!is_aligned(frame->rdi, RSEQ_ALIGNMENT) || (uint32_t)frame->rsi != RSEQ_SIZE_BYTES) {
        return STATUS_INVALID;
    }
    if (frame->rdi == 0 || frame->rdi >= USER_END) {
        return frame->rdi == 0 ? STATUS_INVALID : STATUS_FAULT;
    }
    task->rseq_address = frame->rdi;
    task->rseq_signature = (uint32_t)frame->r10;
    task->rseq_turn = task->thread->turn_count - 1; /* it is told on the way out */
    return 0;
}
