#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/* The date of the MC146818 clock, which is taken to be UTC, in seconds since 1970; 0 where there is
 * none. Waits at most a second, for a moment at which it can be read. */
int64_t cmos_read_seconds(void);

/* Seconds since 1970 of a date of the Gregorian calendar, from 1970 on. */
int64_t cmos_seconds_of(unsigned year, unsigned month, unsigned day, unsigned hour, unsigned minute,
                        unsigned second);

END_C_DECLS
