#pragma once

#include <stdint.h>

#include "drivers/key_decode.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/* The keyboard behind the 8042 controller, or a USB one that the firmware shows as such. There may
 * be none: then no key ever comes. */
void keyboard_init(void);

/* Takes what a keyboard has sent; false where there is nothing. Never waits. For the handler of its
 * interrupt, or with interrupts off. */
[[nodiscard]] bool keyboard_take_scan_code(uint8_t *scan_code);

/* Takes what the controller has; the key it completes, or KEY_NONE. Never waits. For one thread,
 * while nobody else takes scan codes. */
uint16_t keyboard_poll(void);

END_C_DECLS
