#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/status.h"

/* The devices that are no hardware: null, zero, full, random and urandom (man 4 null, full,
 * random), at Linux's numbers. */

BEGIN_C_DECLS

/* Fills memory with what nobody can foresee; see kernel/random. */
typedef enum status random_filler(void *bytes, size_t size_bytes);

/* Registers all five, at boot. Reading random and urandom fails as `fill_randomly` does. Errors:
 * STATUS_NO_MEMORY; STATUS_EXISTS. */
enum status devices_register(random_filler *fill_randomly);

END_C_DECLS
