#pragma once

#include <stdint.h>

#include "kernel/cpu/trap.h"

/*
 * A system call: arguments are as in man 2 syscall, in rdi, rsi, rdx, r10, r8, r9; the result is a
 * value or a negated errno. Each runs with interrupts on, in the calling task's thread.
 */
typedef int64_t system_call(const struct trap_frame *frame);
