#pragma once

#include "kernel/boot/boot.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * Runs what selftest= names, in order. Most tests provoke a fault of the kernel and so end in a
 * panic; one that nothing stops says so. `cycles:N` creates, runs and destroys init N times and
 * counts the frames. docs/boot_protocol.md lists the names.
 */
void selftest_run(const struct boot_result *boot);

END_C_DECLS
