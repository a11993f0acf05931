#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

constexpr uint32_t TIMER_HERTZ = 250;

/* What programs are told of ticks in (USER_HZ of man 2 times). */
constexpr uint64_t USER_HERTZ = 100;

static inline uint64_t timer_ticks_to_user(uint64_t ticks) {
    return ticks * USER_HERTZ / TIMER_HERTZ;
}

/* Starts the 8254's channel 0: IRQ 0 comes TIMER_HERTZ times a second once it is unmasked. */
void timer_start(void);

/* One more tick has come. Called by the handler of IRQ 0. */
void timer_tick(void);

/* Ticks since timer_start. */
uint64_t timer_ticks(void);

/* Waits by polling the 8254's channel 2, with or without interrupts. At most 50 ms at a time; ends
 * even where the counter stands still. */
void timer_wait_us(uint32_t microseconds);

END_C_DECLS
