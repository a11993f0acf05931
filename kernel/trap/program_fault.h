#pragma once

#include "kernel/cpu/trap.h"
#include "lib/status.h"

/*
 * What a program gets for an exception that it raised: the signal of man 7 signal, with the reason
 * in siginfo. Where that ends the program, the log explains the fault. `status` is why a page fault
 * was not resolved. With interrupts on.
 */
void program_fault(const struct trap_frame *frame, enum status status);
