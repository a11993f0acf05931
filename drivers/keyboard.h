#pragma once

#include <stdint.h>

#include "drivers/key_decode.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/*
 * The keyboard behind the 8042 controller, or a USB one that the firmware shows as such. Only
 * polled: IRQ 1 stays masked. There may be none: then no key ever comes.
 */
void keyboard_init(void);

/* Takes what the controller has; the key it completes, or KEY_NONE. Never waits. Called by one
 * thread at a time. */
uint8_t keyboard_poll(void);

END_C_DECLS
