#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/status.h"

BEGIN_C_DECLS

/* Fills `bytes` from the CPU's random number generator. STATUS_NOT_IMPLEMENTED: the CPU has none;
 * STATUS_TRY_AGAIN: it gave nothing ten times in a row (SDM 1 7.3.17). */
enum status random_fill(void *bytes, size_t size_bytes);

/* Fills `bytes` with what differs from call to call, without any secret: the time. For what must
 * have some value where random_fill fails. */
void random_fill_weakly(void *bytes, size_t size_bytes);

END_C_DECLS
