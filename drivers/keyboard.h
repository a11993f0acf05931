#pragma once

#include <stdint.h>

#include "drivers/key_decode.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * The keyboard behind the 8042 controller, or a USB one that the firmware shows as such. Polled or
 * by IRQ 1, either way through keyboard_poll. There may be none: then no key ever comes.
 */
void keyboard_init(void);

/* Takes what the controller has; the key it completes, or KEY_NONE. Never waits. */
uint8_t keyboard_poll(void);

END_C_DECLS
