#pragma once

#include <stdint.h>

#include "lib/decls.h"

/* What time it is, in nanoseconds. */

BEGIN_C_DECLS

constexpr uint64_t NANOSECONDS_PER_SECOND = 1'000'000'000;

/* Measures the time-stamp counter against the 8254 and reads the date from the CMOS clock. Once, at
 * boot, with the boot CPU alone. */
void clock_begin(void);

/* How fast the time-stamp counter runs. */
uint64_t clock_counter_hertz(void);

/* Since the boot; never goes back, and goes on in every state of the machine. */
uint64_t clock_now(void);

/* What is to be added to clock_now for nanoseconds since 1970 (UTC), and how to change it. */
int64_t clock_real_offset(void);
void clock_set_real_offset(int64_t offset);

/* CLOCK_REALTIME: nanoseconds, and seconds, since 1970 (UTC). */
int64_t clock_real_now(void);
int64_t clock_real_seconds(void);

END_C_DECLS
