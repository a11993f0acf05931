#pragma once

#include <stdint.h>

#include "kernel/cpu/trap.h"
#include "lib/decls.h"
#include "mm/addr/addr.h"

/*
 * Accesses of the kernel's own that may end in an exception, which is recorded and survived: for
 * self-tests alone, which provoke what hardware protects. Whatever the tables, CR0 and CR4 say
 * applies to them; nothing is opened for them, and a fault is recorded even where the walk would
 * succeed now. Interrupts are off meanwhile. A double fault, an NMI and a machine check are not
 * survived.
 */

BEGIN_C_DECLS

struct probe_result {
    bool has_faulted;
    struct trap_frame frame; /* of the exception, as the CPU left it: vector, error code, CR2... */
};

/* One byte is read; written with what it held already; called as code, which should be a return
 * instruction in case nothing stops it. */
void probe_read(virt_addr_t address, struct probe_result *result);
void probe_write(virt_addr_t address, struct probe_result *result);
void probe_execute(virt_addr_t address, struct probe_result *result);

/* Calls access(argument) and survives the first exception in it. It must not hold a lock there. */
void probe_call(void (*access)(uint64_t), uint64_t argument, struct probe_result *result);

/*
 * Runs the user code at `code`, in the current space and in ring 3, with `argument` in RDI, without
 * a stack and with interrupts off, until its first exception. It must come to one in any case, such
 * as that of INT3, and before any system call.
 */
void probe_user(virt_addr_t code, uint64_t argument, struct probe_result *result);

/* For the kernel's handler of exceptions: where a probe runs, records the frame, makes it go on
 * behind the probe, and returns true. */
[[nodiscard]] bool probe_recover(struct trap_frame *frame);

END_C_DECLS
