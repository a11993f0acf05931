#include "kernel/tty/line/erase.h"

#include "kernel/tty/line/output.h"

/* Where the last character begins; `line->head` where it has no beginning in the line. */
static uint32_t last_character(const struct line_discipline *line) {
    uint32_t place = line->head;
    while (place != line->canon) {
        place--;
        if (!is_continuation(line, line_byte_at(line, place))) {
            return place;
        }
    }
    return line->head;
}

/* Takes back the last character; false where there is none. */
static bool take_back(struct line_discipline *line) {
    uint32_t place = last_character(line);
    if (place == line->head) {
        return false;
    }
    line->head = place;
    if (is_local(line, TTY_ECHO)) {
        line_unecho(line, place);
    }
    return true;
}

void line_erase_character(struct line_discipline *line) {
    uint32_t place = last_character(line);
    if (is_local(line, TTY_ECHOE) || !is_local(line, TTY_ECHO)) {
        (void)take_back(line);
    } else if (place != line->head) {
        line->head = place;
        line_echo(line, line->modes.characters[TTY_VERASE]);
    }
}

static bool is_of_word(uint8_t byte) {
    return byte == '_' || (byte >= '0' && byte <= '9') || is_upper(byte) || is_lower(byte);
}

void line_erase_word(struct line_discipline *line) {
    bool is_in_word = false;
    while (line->head != line->canon) {
        bool is_word = is_of_word(line_byte_at(line, last_character(line)));
        if ((is_in_word && !is_word) || !take_back(line)) {
            return;
        }
        is_in_word = is_word;
    }
}

void line_kill(struct line_discipline *line) {
    if (line->head == line->canon) {
        return;
    }
    constexpr uint32_t all = TTY_ECHO | TTY_ECHOE | TTY_ECHOK | TTY_ECHOKE;
    if ((line->modes.local & all) == all) {
        while (take_back(line)) {
        }
        return;
    }
    line->head = line->canon;
    if (is_local(line, TTY_ECHO)) {
        line_echo(line, line->modes.characters[TTY_VKILL]);
        if (is_local(line, TTY_ECHOK)) {
            line_put(line, '\n');
        }
    }
}
