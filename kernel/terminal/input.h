#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/serial.h"
#include "lib/status.h"
#include "lib/untrusted.h"

struct tty;

/*
 * What is typed, on its way from the devices to the terminals. Interrupts only put bytes into
 * rings; a thread takes them out, since whoever receives them sleeps for locks.
 */

/* Who receives what. */
struct input_routes {
    struct serial *com1, *com2; /* null: there is none */
    struct tty *from_com1, *from_com2, *from_keyboard;
    const bool *has_cursor_keys; /* of the screen: see key_text */
};

/* Starts the thread and unmasks the lines. Once. Errors: STATUS_NO_MEMORY. */
enum status input_begin(const struct input_routes *given);

/* What the screen answers to a program's question, as if it were typed. With interrupts off. */
void input_reply(TRUSTED const char *bytes, size_t length);

/* A terminal takes more again. */
void input_resume(void);

/* From now on devices are left to whoever polls them. */
void input_end(void);

/* Called by the handler of a line, with interrupts off. */
void input_interrupt(uint8_t line);
