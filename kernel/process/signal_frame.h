#pragma once

#include "kernel/process/process.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* How a handler is called and left on x86-64 (System V psABI, and Linux's struct rt_sigframe). */

BEGIN_C_DECLS

/* What user code may set itself (SDM 1 3.4.3). */
constexpr uint64_t RFLAGS_USER = 0xcd5 | 1ull << 8 | 1ull << 16 | 1ull << 18;

/*
 * Puts what the handler will restore onto the user's stack and makes `frame` enter the handler.
 * `blocked` is the mask to be put back. Errors: STATUS_FAULT, the stack cannot be written to, or
 * the alternate one is too small; nothing has changed then.
 */
enum status signal_frame_push(struct trap_frame *frame, TRUSTED const struct signal_action *action,
                              const struct signal_info *info, signal_set blocked);

/*
 * man 2 rt_sigreturn: restores what the user's stack says, of which nothing is believed. `*blocked`
 * is the mask to be put back. Errors: STATUS_FAULT, the frame cannot be used.
 */
enum status signal_frame_pop(struct trap_frame *frame, signal_set *blocked);

/* How much of the stack a handler's call takes at most, besides what the handler uses. */
size_t signal_frame_size_bytes(void);

/* Whether the current task's stack pointer is on its alternate signal stack. */
bool signal_stack_is_in_use(const struct task *task, uint64_t stack_pointer);

END_C_DECLS
