#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/console.h"
#include "lib/decls.h"

/*
 * The kernel's log: lines that go to every sink, and into a ring so that a sink that comes later
 * shows what it missed. Usable from the first instruction of C, from interrupts and in a panic; it
 * never sleeps and needs no memory.
 */

BEGIN_C_DECLS

enum log_level : uint8_t {
    LOG_ERROR,   /* something is broken */
    LOG_WARNING, /* something is odd, and handled */
    LOG_INFO,
    LOG_DEBUG, /* kept in the ring only, unless log_show_debug was called */
};

constexpr size_t LOG_LINE_MAX = 256; /* bytes of one line; the rest is cut */
constexpr unsigned LOG_SINK_MAX = 4;

/* One line, without its '\n'. Lines with an error or a warning say so in front. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Adds a console that outlives the kernel, and shows it every line in the ring. More than
 * LOG_SINK_MAX are ignored. */
void log_add_sink(struct console *console);

/* Takes it out again. */
void log_remove_sink(const struct console *console);

/* From now on LOG_DEBUG lines go to the sinks too. */
void log_show_debug(void);

/* For a panic: gives up the log's lock, whoever holds it, so that the last lines come out. */
void log_break_lock(void);

END_C_DECLS
