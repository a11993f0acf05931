#include "kernel/tty/line/modes.h"

#include <stddef.h>

struct terminal_modes terminal_modes_usual(void) {
    struct terminal_modes modes = {
        .input = TTY_ICRNL | TTY_IXON,
        .output = TTY_OPOST | TTY_ONLCR,
        .control = TTY_B38400 | TTY_CS8 | TTY_CREAD | TTY_HUPCL,
        .local = TTY_ISIG | TTY_ICANON | TTY_ECHO | TTY_ECHOE | TTY_ECHOK | TTY_ECHOCTL |
                 TTY_ECHOKE | TTY_IEXTEN,
        .characters = {003, 034, 0177, 025, 004, 0, 1, 0, 021, 023, 032, 0, 022, 017, 027, 026, 0},
    };
    terminal_modes_derive_speeds(&modes);
    return modes;
}

struct terminal_modes terminal_modes_raw(void) {
    struct terminal_modes modes = terminal_modes_usual();
    modes.input = 0;
    modes.output = 0;
    modes.local = 0;
    return modes;
}

/* By the low four bits of B0 to B38400, then by those of B57600 to B4000000. */
static const uint32_t speeds[] = {
    0,      50,     75,      110,     134,     150,     200,     300,     600,     1200,    1800,
    2400,   4800,   9600,    19200,   38400,   0,       57600,   115200,  230400,  460800,  500000,
    576000, 921600, 1000000, 1152000, 1500000, 2000000, 2500000, 3000000, 3500000, 4000000,
};

/* `otherwise` where the bits leave it open. */
static uint32_t speed_of(uint32_t bits, uint32_t otherwise) {
    if (bits == TTY_BOTHER) {
        return otherwise;
    }
    return speeds[(bits & 017) | (bits & TTY_BOTHER ? 020 : 0)];
}

void terminal_modes_derive_speeds(struct terminal_modes *modes) {
    uint32_t input_bits = modes->control >> TTY_INPUT_SPEED_SHIFT & TTY_CBAUD;
    modes->output_speed = speed_of(modes->control & TTY_CBAUD, modes->output_speed);
    modes->input_speed =
        input_bits == 0 ? modes->output_speed : speed_of(input_bits, modes->input_speed);
}
