#pragma once

#include "drivers/acpi.h"
#include "lib/decls.h"
#include "lib/status.h"

BEGIN_C_DECLS

/*
 * Reads the ACPI tables for the two functions below. After kernel_space_start; without it, or where
 * it fails (acpi_find_power's errors), they have only their other ways.
 */
enum status power_init(void);

/* What power_init found; all 0 before. */
const struct acpi_power *power_facts(void);

/* Turns interrupts off and the machine too: ACPI S5, then the ports that QEMU and Bochs listen at.
 * Returns where none worked. */
void power_off(void);

/* Turns interrupts off and starts the machine again: the FADT's reset register, port 0xCF9, the
 * keyboard controller, a triple fault. */
[[noreturn]] void power_reboot(void);

END_C_DECLS
