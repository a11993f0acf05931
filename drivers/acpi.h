#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * The little of ACPI that turns a PC off and on: RSDP, RSDT or XSDT, FADT, and the \_S5 package
 * found by scanning the definition blocks (ACPI 6.4 5.2.5 to 5.2.9, 7.4.2, 20.2). No table is
 * believed: every length is bounded, every checksum verified.
 */

BEGIN_C_DECLS

/* How the parser sees physical memory. */
struct acpi_memory {
    /* Where `size_bytes` at `pa` can be read until unmap, or nullptr. */
    const void *(*map)(void *context, uint64_t pa, size_t size_bytes);
    void (*unmap)(void *context, const void *mapped);
    void *context;
};

enum acpi_register_space : uint8_t {
    ACPI_SPACE_MEMORY = 0,
    ACPI_SPACE_PORT = 1,
    ACPI_SPACE_PCI = 2, /* bus 0; the address is device << 32 | function << 16 | offset */
};

/* What power_off and power_reboot need; all 0 where the firmware says nothing of it. */
struct acpi_power {
    bool can_power_off;    /* the next seven are valid */
    uint16_t pm1a_control; /* port */
    uint16_t pm1b_control; /* port, or 0 */
    uint8_t sleep_type_a;  /* SLP_TYPa of \_S5, 0..7 */
    uint8_t sleep_type_b;
    uint16_t smi_command; /* port, or 0: ACPI mode is always on */
    uint8_t acpi_enable;  /* what to write there */
    bool can_reset;       /* the next three are valid */
    uint8_t reset_value;
    enum acpi_register_space reset_space;
    uint64_t reset_address;
};

/*
 * Reads the tables. STATUS_NOT_FOUND: no RSDP; STATUS_INVALID: no usable FADT. A FADT without \_S5
 * or without a reset register is STATUS_OK with the flag clear. `*power` is always written.
 */
enum status acpi_find_power(UNTRUSTED const struct acpi_memory *memory, struct acpi_power *power);

END_C_DECLS
