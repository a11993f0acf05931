#pragma once

#include "kernel/command_line/command_line.h"
#include "kernel/cpu/trap.h"
#include "lib/decls.h"

/*
 * The end of the kernel: what it knows is printed, the last line is "kernel: stopped: REASON", and
 * then the machine does what on_panic= says. Answers check_failed of lib/check.h.
 */

BEGIN_C_DECLS

/* What is done at the end; halting until this is called. */
void panic_set_act(enum final_act act);

/* For a reason that is not the kernel's own mistake, such as an audit's findings. */
[[noreturn]] void panic_stop(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* For an exception in the kernel: its report, the registers and a backtrace. */
[[noreturn]] void panic_exception(const struct trap_frame *frame);

END_C_DECLS
