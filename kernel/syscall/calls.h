#pragma once

#include "kernel/cpu/trap.h"
#include "kernel/process/process.h"
#include "lib/status.h"

/*
 * The system calls that there are, by Linux's names. Arguments are as in man 2 syscall: rdi, rsi,
 * rdx, r10, r8, r9; the result is a value or a negated errno. Each runs with interrupts on, in the
 * calling process's thread.
 */
typedef int64_t system_call(const struct trap_frame *frame);

#define CALL(number, name, function, restart) system_call function;
#include "kernel/syscall/table.def"
#undef CALL
