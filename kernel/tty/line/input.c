#include "kernel/tty/line/erase.h"
#include "kernel/tty/line/output.h"

static bool is_character(const struct line_discipline *line, enum terminal_character which,
                         uint8_t byte) {
    return terminal_modes_is_character(&line->modes, which, byte);
}

static bool is_extended(const struct line_discipline *line, enum terminal_character which,
                        uint8_t byte) {
    return is_local(line, TTY_IEXTEN) && is_character(line, which, byte);
}

static void set_bit(uint64_t *bits, uint32_t place, bool is_set) {
    uint64_t bit = 1ull << place % 64;
    uint64_t *word = &bits[place % LINE_BUFFER_SIZE / 64];
    *word = is_set ? *word | bit : *word & ~bit;
}

static void store(struct line_discipline *line, uint8_t byte) {
    line->buffer[line->head % LINE_BUFFER_SIZE] = byte;
    set_bit(line->ends, line->head, false);
    set_bit(line->ends_of_file, line->head, false);
    line->head++;
}

/* The line is complete, with this byte, which is part of it unless it is the end of the file. */
static void store_end(struct line_discipline *line, uint8_t byte, bool is_end_of_file) {
    store(line, byte);
    set_bit(line->ends, line->head - 1, true);
    set_bit(line->ends_of_file, line->head - 1, is_end_of_file);
    line->canon = line->head;
}

/* Echoes what becomes part of the line. */
static void echo(struct line_discipline *line, uint8_t byte) {
    if (!is_local(line, TTY_ECHO)) {
        return;
    }
    if (line->canon == line->head) {
        line->canon_column = line->column;
    }
    line_echo(line, byte);
}

static void restart(struct line_discipline *line) {
    if (!line->is_stopped_by_program) {
        line_start(line);
    }
}

static bool receive_flow_control(struct line_discipline *line, uint8_t byte) {
    if (!is_input(line, TTY_IXON)) {
        return false;
    }
    if (is_character(line, TTY_VSTART, byte)) {
        restart(line);
        return true;
    }
    if (is_character(line, TTY_VSTOP, byte)) {
        line_send(line);
        line->is_stopped = true;
        return true;
    }
    return false;
}

static enum line_signal signal_of(const struct line_discipline *line, uint8_t byte) {
    if (!is_local(line, TTY_ISIG)) {
        return LINE_NO_SIGNAL;
    }
    if (is_character(line, TTY_VINTR, byte)) {
        return LINE_SIGNAL_INTERRUPT;
    }
    if (is_character(line, TTY_VQUIT, byte)) {
        return LINE_SIGNAL_QUIT;
    }
    return is_character(line, TTY_VSUSP, byte) ? LINE_SIGNAL_STOP : LINE_NO_SIGNAL;
}

static void raise(struct line_discipline *line, uint8_t byte) {
    if (!is_local(line, TTY_NOFLSH)) {
        line_flush_input(line);
        line_send(line);
        line->pending = 0;
    }
    if (is_input(line, TTY_IXON)) {
        restart(line);
    }
    if (is_local(line, TTY_ECHO)) {
        line_echo(line, byte);
    }
}

/* Shows the line again as it is now. */
static void reprint(struct line_discipline *line, uint8_t byte) {
    line_echo(line, byte);
    line_put(line, '\n');
    for (uint32_t place = line->canon; place != line->head; place++) {
        line_echo(line, line_byte_at(line, place));
    }
}

static void take_literally(struct line_discipline *line) {
    line->takes_literally = true;
    if (is_local(line, TTY_ECHO) && is_local(line, TTY_ECHOCTL)) {
        line_put_raw(line, '^');
        line_put_raw(line, '\b');
    }
}

static bool edit(struct line_discipline *line, uint8_t byte) {
    if (is_character(line, TTY_VERASE, byte)) {
        line_erase_character(line);
    } else if (is_character(line, TTY_VKILL, byte)) {
        line_kill(line);
    } else if (is_extended(line, TTY_VWERASE, byte)) {
        line_erase_word(line);
    } else if (is_extended(line, TTY_VLNEXT, byte)) {
        take_literally(line);
    } else if (is_extended(line, TTY_VREPRINT, byte) && is_local(line, TTY_ECHO)) {
        reprint(line, byte);
    } else {
        return false;
    }
    return true;
}

static bool end_line(struct line_discipline *line, uint8_t byte) {
    if (byte == '\n') {
        if (is_local(line, TTY_ECHO | TTY_ECHONL)) {
            line_put(line, byte);
        }
        store_end(line, byte, false);
        return true;
    }
    if (is_character(line, TTY_VEOF, byte)) {
        store_end(line, 0, true);
        return true;
    }
    if (is_character(line, TTY_VEOL, byte) || is_extended(line, TTY_VEOL2, byte)) {
        echo(line, byte);
        store_end(line, byte, false);
        return true;
    }
    return false;
}

static uint8_t as_typed(const struct line_discipline *line, uint8_t byte) {
    if (is_input(line, TTY_ISTRIP)) {
        byte &= 0x7f;
    }
    bool lowers = is_input(line, TTY_IUCLC) && is_local(line, TTY_IEXTEN);
    return lowers && is_upper(byte) ? byte - 'A' + 'a' : byte;
}

/* False: the byte is to be ignored. */
static bool translate_line_end(const struct line_discipline *line, uint8_t *byte) {
    if (*byte == '\r' && is_input(line, TTY_IGNCR)) {
        return false;
    }
    if (*byte == '\r' && is_input(line, TTY_ICRNL)) {
        *byte = '\n';
    } else if (*byte == '\n' && is_input(line, TTY_INLCR)) {
        *byte = '\r';
    }
    return true;
}

static enum line_signal receive(struct line_discipline *line, uint8_t byte) {
    if (receive_flow_control(line, byte)) {
        return LINE_NO_SIGNAL;
    }
    enum line_signal signal = signal_of(line, byte);
    if (signal != LINE_NO_SIGNAL) {
        raise(line, byte);
        return signal;
    }
    if (is_input(line, TTY_IXON) && is_input(line, TTY_IXANY)) {
        restart(line);
    }
    const uint8_t typed = byte;
    if (!translate_line_end(line, &byte)) {
        return LINE_NO_SIGNAL;
    }
    bool is_edited = is_local(line, TTY_ICANON) && (edit(line, byte) || end_line(line, byte));
    if (is_edited) {
        return LINE_NO_SIGNAL;
    }
    if (byte == '\n' && typed == '\r' && is_local(line, TTY_ECHO)) {
        line_put(line, byte);
    } else {
        echo(line, byte);
    }
    store(line, byte);
    return LINE_NO_SIGNAL;
}

static enum line_signal receive_one(struct line_discipline *line, uint8_t byte) {
    if (line->head - line->tail == LINE_BUFFER_SIZE) {
        line->head--;
    }
    byte = as_typed(line, byte);
    if (line->takes_literally) {
        line->takes_literally = false;
        echo(line, byte);
        store(line, byte);
        return LINE_NO_SIGNAL;
    }
    return receive(line, byte);
}

bool line_has_room(const struct line_discipline *line) {
    bool is_typed = is_local(line, TTY_ICANON) && line->canon == line->tail;
    return is_typed || line->head - line->tail < LINE_BUFFER_SIZE - 1;
}

size_t line_receive(struct line_discipline *line, const char *bytes, size_t length,
                    enum line_signal *signal) {
    size_t taken = 0;
    *signal = LINE_NO_SIGNAL;
    while (taken < length && *signal == LINE_NO_SIGNAL && line_has_room(line)) {
        *signal = receive_one(line, (uint8_t)bytes[taken++]);
    }
    line_send(line);
    return taken;
}

void line_flush_input(struct line_discipline *line) {
    line->tail = line->head;
    line->canon = line->head;
    line->takes_literally = false;
}

void line_init(struct line_discipline *line, const struct terminal_modes *modes,
               line_output *output, void *context) {
    *line = (struct line_discipline){.modes = *modes, .output = output, .context = context};
}

/* What is typed becomes a line of its own where lines come to be edited, and is all there is where
 * they no longer are. */
void line_set_modes(struct line_discipline *line, const struct terminal_modes *modes) {
    bool was_edited = is_local(line, TTY_ICANON);
    line->modes = *modes;
    bool is_edited = is_local(line, TTY_ICANON);
    if (was_edited != is_edited) {
        for (uint32_t place = line->tail; place != line->head; place++) {
            set_bit(line->ends, place, false);
            set_bit(line->ends_of_file, place, false);
        }
        line->canon = line->tail;
        line->takes_literally = false;
        if (is_edited && line->head != line->tail) {
            set_bit(line->ends, line->head - 1, true);
            line->canon = line->head;
        }
    }
    if (!is_input(line, TTY_IXON)) {
        restart(line);
    }
}
