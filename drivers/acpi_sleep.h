#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

/*
 * Looks for `Name (\_S5, Package {a, b, ...})` in a definition block's AML, without interpreting
 * it: by the bytes of the name and of a well-formed package after them (ACPI 6.4 7.4.2, 20.2.2 to
 * 20.2.5). False where there is none, or its values are not sleep types (0..7).
 */
bool acpi_find_sleep_types(UNTRUSTED const uint8_t *aml, size_t size_bytes, uint8_t *type_a,
                           uint8_t *type_b);

END_C_DECLS
