#include "kernel/tty/line/output.h"

constexpr uint32_t TAB_WIDTH = 8;

void line_send(struct line_discipline *line) {
    if (line->pending > 0 && !line->is_stopped) {
        line->output(line->context, line->pending_bytes, line->pending);
        line->pending = 0;
    }
}

void line_put_raw(struct line_discipline *line, uint8_t byte) {
    if (line->pending == LINE_OUTPUT_SIZE) {
        line_send(line);
    }
    if (line->pending < LINE_OUTPUT_SIZE) {
        line->pending_bytes[line->pending++] = (char)byte;
    }
}

static void put_line_feed(struct line_discipline *line) {
    if (is_output(line, TTY_ONLRET)) {
        line->column = 0;
    }
    if (is_output(line, TTY_ONLCR)) {
        line->column = 0;
        line_put_raw(line, '\r');
    }
    line->canon_column = line->column;
    line_put_raw(line, '\n');
}

static void put_return(struct line_discipline *line) {
    if (is_output(line, TTY_ONOCR) && line->column == 0) {
        return;
    }
    bool is_fed = is_output(line, TTY_OCRNL);
    if (!is_fed || is_output(line, TTY_ONLRET)) {
        line->column = 0;
        line->canon_column = 0;
    }
    line_put_raw(line, is_fed ? '\n' : '\r');
}

static void put_tab(struct line_discipline *line) {
    uint32_t width = TAB_WIDTH - line->column % TAB_WIDTH;
    line->column += width;
    if ((line->modes.output & TTY_XTABS) != TTY_XTABS) {
        line_put_raw(line, '\t');
        return;
    }
    while (width-- > 0) {
        line_put_raw(line, ' ');
    }
}

static void put_other(struct line_discipline *line, uint8_t byte) {
    if (!is_control(byte) && !is_continuation(line, byte)) {
        line->column++;
    }
    line_put_raw(line, is_lower(byte) && is_output(line, TTY_OLCUC) ? byte - 'a' + 'A' : byte);
}

void line_put(struct line_discipline *line, uint8_t byte) {
    if (!is_output(line, TTY_OPOST)) {
        line_put_raw(line, byte);
        return;
    }
    switch (byte) {
    case '\n':
        put_line_feed(line);
        break;
    case '\r':
        put_return(line);
        break;
    case '\t':
        put_tab(line);
        break;
    case '\b':
        line->column -= line->column > 0;
        line_put_raw(line, byte);
        break;
    default:
        put_other(line, byte);
    }
}

void line_echo(struct line_discipline *line, uint8_t byte) {
    if (!is_control(byte) || byte == '\t' || !is_local(line, TTY_ECHOCTL)) {
        line_put(line, byte);
        return;
    }
    line_put_raw(line, '^');
    line_put_raw(line, byte ^ 0100);
    line->column += 2;
}

static void unecho_column(struct line_discipline *line) {
    line_put(line, '\b');
    line_put(line, ' ');
    line_put(line, '\b');
}

/* The columns that the line takes up to `place`, from its begin or behind its last tab. */
static uint32_t columns_before(const struct line_discipline *line, uint32_t place) {
    uint32_t columns = 0;
    while (place != line->canon) {
        uint8_t byte = line_byte_at(line, --place);
        if (byte == '\t') {
            return columns;
        }
        if (is_control(byte)) {
            columns += is_local(line, TTY_ECHOCTL) ? 2 : 0;
        } else {
            columns += !is_continuation(line, byte);
        }
    }
    return columns + line->canon_column;
}

void line_unecho(struct line_discipline *line, uint32_t place) {
    uint8_t byte = line_byte_at(line, place);
    if (byte == '\t') {
        uint32_t width = TAB_WIDTH - columns_before(line, place) % TAB_WIDTH;
        line->column -= width < line->column ? width : line->column;
        while (width-- > 0) {
            line_put_raw(line, '\b');
        }
        return;
    }
    bool is_two = is_control(byte) && is_local(line, TTY_ECHOCTL);
    if (is_two) {
        unecho_column(line);
    }
    if (is_two || !is_control(byte)) {
        unecho_column(line);
    }
}

void line_write(struct line_discipline *line, const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        line_put(line, (uint8_t)bytes[i]);
    }
    line_send(line);
}

void line_stop(struct line_discipline *line) {
    line->is_stopped = true;
    line->is_stopped_by_program = true;
}

void line_start(struct line_discipline *line) {
    line->is_stopped = false;
    line->is_stopped_by_program = false;
    line_send(line);
}
