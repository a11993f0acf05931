#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

/*
 * Something that shows text: a screen or a serial port. `write` may be called from any context,
 * a panic included; it never sleeps and always ends. Only one call at a time: the caller
 * serialises. Text is bytes of ASCII; '\n' starts a new line.
 */
struct console {
    const char *name; /* "screen", "com1", "com2"; fixed at creation */
    void (*write)(struct console *console, const char *text, size_t length);
};

static inline void console_write(struct console *console, UNTRUSTED const char *text,
                                 size_t length) {
    console->write(console, text, length);
}

END_C_DECLS
