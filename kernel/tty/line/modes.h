#pragma once

#include <stdint.h>

#include "lib/decls.h"

/* How a terminal treats what is typed and written (man 3 termios), in Linux's layout and bits. */

BEGIN_C_DECLS

constexpr unsigned TTY_CHARACTER_COUNT = 19;

/* struct termios2 of asm/termbits.h; struct termios is the same up to the speeds. */
struct terminal_modes {
    uint32_t input, output, control, local;
    uint8_t discipline;
    uint8_t characters[TTY_CHARACTER_COUNT]; /* by enum terminal_character; 0: none */
    uint32_t input_speed, output_speed;      /* in bits a second */
};

static_assert(sizeof(struct terminal_modes) == 44);

enum terminal_character : uint8_t {
    TTY_VINTR,
    TTY_VQUIT,
    TTY_VERASE,
    TTY_VKILL,
    TTY_VEOF,
    TTY_VTIME,
    TTY_VMIN,
    TTY_VSWTC,
    TTY_VSTART,
    TTY_VSTOP,
    TTY_VSUSP,
    TTY_VEOL,
    TTY_VREPRINT,
    TTY_VDISCARD,
    TTY_VWERASE,
    TTY_VLNEXT,
    TTY_VEOL2,
};

/* Of `input`. */
constexpr uint32_t TTY_ISTRIP = 0000040;
constexpr uint32_t TTY_INLCR = 0000100;
constexpr uint32_t TTY_IGNCR = 0000200;
constexpr uint32_t TTY_ICRNL = 0000400;
constexpr uint32_t TTY_IUCLC = 0001000;
constexpr uint32_t TTY_IXON = 0002000;
constexpr uint32_t TTY_IXANY = 0004000;
constexpr uint32_t TTY_IUTF8 = 0040000;

/* Of `output`. */
constexpr uint32_t TTY_OPOST = 0000001;
constexpr uint32_t TTY_OLCUC = 0000002;
constexpr uint32_t TTY_ONLCR = 0000004;
constexpr uint32_t TTY_OCRNL = 0000010;
constexpr uint32_t TTY_ONOCR = 0000020;
constexpr uint32_t TTY_ONLRET = 0000040;
constexpr uint32_t TTY_XTABS = 0014000;

/* Of `control`. */
constexpr uint32_t TTY_CBAUD = 0010017;
constexpr uint32_t TTY_B38400 = 0000017;
constexpr uint32_t TTY_BOTHER = 0010000;
constexpr uint32_t TTY_B115200 = 0010002;
constexpr uint32_t TTY_CS8 = 0000060;
constexpr uint32_t TTY_CREAD = 0000200;
constexpr uint32_t TTY_HUPCL = 0002000;
constexpr unsigned TTY_INPUT_SPEED_SHIFT = 16; /* IBSHIFT */

/* Of `local`. */
constexpr uint32_t TTY_ISIG = 0000001;
constexpr uint32_t TTY_ICANON = 0000002;
constexpr uint32_t TTY_ECHO = 0000010;
constexpr uint32_t TTY_ECHOE = 0000020;
constexpr uint32_t TTY_ECHOK = 0000040;
constexpr uint32_t TTY_ECHONL = 0000100;
constexpr uint32_t TTY_NOFLSH = 0000200;
constexpr uint32_t TTY_TOSTOP = 0000400;
constexpr uint32_t TTY_ECHOCTL = 0001000;
constexpr uint32_t TTY_ECHOKE = 0004000;
constexpr uint32_t TTY_IEXTEN = 0100000;

/* What a terminal starts with: edited lines, echo, signals, line feeds sent as CR LF. */
struct terminal_modes terminal_modes_usual(void);

/* Bytes as they are: nothing is edited, echoed or changed on the way out (man 3 cfmakeraw). */
struct terminal_modes terminal_modes_raw(void);

/* Makes the two speeds those that `control` says, where it does not leave them to be given. */
void terminal_modes_derive_speeds(struct terminal_modes *modes);

static inline bool terminal_modes_is_character(const struct terminal_modes *modes,
                                               enum terminal_character which, uint8_t byte) {
    return byte != 0 && modes->characters[which] == byte;
}

END_C_DECLS
