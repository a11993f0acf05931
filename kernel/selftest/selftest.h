#pragma once

#include "kernel/boot/boot.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * Runs what selftest= names, in order. Most tests provoke a fault of the kernel and so end in a
 * panic; one that nothing stops says so. The others run init, or threads, and stop the machine
 * where something is not as it must be. docs/command_line.md lists the names.
 */
void selftest_run(const struct boot_result *boot);

END_C_DECLS
