#pragma once

#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Restartable sequences (man 2 rseq, Linux's <linux/rseq.h>): a thread that loses the CPU, or takes
 * a signal, in the midst of one goes on at the place that it has named for that.
 */

BEGIN_C_DECLS

constexpr uint64_t RSEQ_SIZE_BYTES = 32;
constexpr uint64_t RSEQ_ALIGNMENT = 32;

/* Whether the task has lost the CPU since it was last told where it runs. */
static inline bool rseq_is_due(const struct task *task) {
    return task != nullptr && task->rseq_address != 0 &&
           task->rseq_turn != task->thread->turn_count;
}

/* Before the task goes on in user mode; what it cannot be told costs it a SIGSEGV. */
void rseq_settle(struct trap_frame *frame);

/* Before a handler's frame is made of `frame`. */
void rseq_interrupt(struct trap_frame *frame);

/* Says that the thread is on no CPU: it unregisters. Errors: STATUS_FAULT. */
enum status rseq_leave(void);

END_C_DECLS
