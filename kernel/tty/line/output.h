#pragma once

#include "kernel/tty/line/line_discipline.h"

/* What the halves of this room share: the way out, for what is written and for what is echoed. */

/* One byte, changed as the output modes say; and one as it is, that takes no column. */
void line_put(struct line_discipline *line, uint8_t byte);
void line_put_raw(struct line_discipline *line, uint8_t byte);

/* Echoes a byte, a control character as ^X where ECHOCTL says so. */
void line_echo(struct line_discipline *line, uint8_t byte);

/* Takes back the echo of the byte at `place`, which is erased already. */
void line_unecho(struct line_discipline *line, uint32_t place);

/* Sends what is pending, unless the output is stopped. */
void line_send(struct line_discipline *line);

static inline bool is_input(const struct line_discipline *line, uint32_t flag) {
    return (line->modes.input & flag) != 0;
}

static inline bool is_output(const struct line_discipline *line, uint32_t flag) {
    return (line->modes.output & flag) != 0;
}

static inline bool is_local(const struct line_discipline *line, uint32_t flag) {
    return (line->modes.local & flag) != 0;
}

static inline uint8_t line_byte_at(const struct line_discipline *line, uint32_t place) {
    return line->buffer[place % LINE_BUFFER_SIZE];
}

static inline bool is_control(uint8_t byte) {
    return byte < ' ' || byte == 0177;
}

/* Letters as Linux's terminals know them: those of Latin-1. */
static inline bool is_upper(uint8_t byte) {
    return (byte >= 'A' && byte <= 'Z') || (byte >= 0xc0 && byte <= 0xde && byte != 0xd7);
}

static inline bool is_lower(uint8_t byte) {
    return (byte >= 'a' && byte <= 'z') || (byte >= 0xdf && byte != 0xf7);
}

/* Of a character of UTF-8, a byte that is not its first. */
static inline bool is_continuation(const struct line_discipline *line, uint8_t byte) {
    return is_input(line, TTY_IUTF8) && (byte & 0xc0) == 0x80;
}
