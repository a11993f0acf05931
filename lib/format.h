#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/* Where text goes: a console, a log, a buffer. */
struct text_sink {
    void (*write)(void *context, const char *text, size_t length);
    void *context;
};

/*
 * Formats into `sink`. Of man 3 printf: %c %s %d %i %u %x %X %p %%, with flags `-`, `0`, `#`, a
 * width or `*`, a precision for %s, and the lengths hh h l ll z j t. No floating point.
 */
void format_to(const struct text_sink *sink, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void format_to_va(const struct text_sink *sink, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/*
 * Formats into buffer[0..size_bytes), always terminated where size_bytes > 0. Returns the length
 * the whole text has, without the terminator, as man 3 snprintf does.
 */
size_t format_buffer(char *buffer, size_t size_bytes, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

END_C_DECLS
