#include "kernel/tty/tty/tty_private.h"
#include "lib/memory.h"

/* Requests (man 2 ioctl_tty, asm/ioctls.h). */
constexpr uint32_t TCGETS = 0x5401;
constexpr uint32_t TCSETS = 0x5402;
constexpr uint32_t TCSETSW = 0x5403;
constexpr uint32_t TCSETSF = 0x5404;
constexpr uint32_t TCGETA = 0x5405;
constexpr uint32_t TCSETA = 0x5406;
constexpr uint32_t TCSETAW = 0x5407;
constexpr uint32_t TCSETAF = 0x5408;
constexpr uint32_t TCSBRK = 0x5409;
constexpr uint32_t TCXONC = 0x540a;
constexpr uint32_t TCFLSH = 0x540b;
constexpr uint32_t TIOCSCTTY = 0x540e;
constexpr uint32_t TIOCGPGRP = 0x540f;
constexpr uint32_t TIOCSPGRP = 0x5410;
constexpr uint32_t TIOCOUTQ = 0x5411;
constexpr uint32_t TIOCSTI = 0x5412;
constexpr uint32_t TIOCGWINSZ = 0x5413;
constexpr uint32_t TIOCSWINSZ = 0x5414;
constexpr uint32_t TIOCINQ = 0x541b; /* FIONREAD */
constexpr uint32_t TIOCNOTTY = 0x5422;
constexpr uint32_t TIOCSETD = 0x5423;
constexpr uint32_t TIOCGETD = 0x5424;
constexpr uint32_t TCSBRKP = 0x5425;
constexpr uint32_t TIOCGSID = 0x5429;
constexpr uint32_t TCGETS2 = 0x802c542a;
constexpr uint32_t TCSETS2 = 0x402c542b;
constexpr uint32_t TCSETSW2 = 0x402c542c;
constexpr uint32_t TCSETSF2 = 0x402c542d;

/* What TCFLSH and TCXONC take. */
constexpr uint64_t TCOFLUSH = 1;
constexpr uint64_t TCIOFLUSH = 2;
constexpr uint64_t TCOOFF = 0;
constexpr uint64_t TCOON = 1;
constexpr uint64_t TCIOFF = 2;
constexpr uint64_t TCION = 3;

constexpr size_t TERMIOS_SIZE = 36; /* struct termios: the modes up to the speeds */

/* struct termio: the lower half of each set of flags. */
struct terminal_modes_short {
    uint16_t input, output, control, local;
    uint8_t discipline;
    uint8_t characters[8];
    uint8_t padding;
};

static_assert(sizeof(struct terminal_modes_short) == 18);

static enum status put(uint64_t user, const void *from, size_t size_bytes) {
    return tty_hooks()->copy_out(user, from, size_bytes) == 0 ? STATUS_OK : STATUS_FAULT;
}

static enum status take(void *to, uint64_t user, size_t size_bytes) {
    return tty_hooks()->copy_in(to, user, size_bytes) == 0 ? STATUS_OK : STATUS_FAULT;
}

static struct terminal_modes modes_of(struct tty *tty) {
    sleep_lock_acquire(&tty->lock);
    struct terminal_modes modes = tty->line.modes;
    sleep_lock_release(&tty->lock);
    return modes;
}

static enum status get_modes(struct tty *tty, uint64_t user, size_t size_bytes) {
    struct terminal_modes modes = modes_of(tty);
    return put(user, &modes, size_bytes);
}

static enum status get_short_modes(struct tty *tty, uint64_t user) {
    const struct terminal_modes modes = modes_of(tty);
    struct terminal_modes_short given = {
        .input = (uint16_t)modes.input,
        .output = (uint16_t)modes.output,
        .control = (uint16_t)modes.control,
        .local = (uint16_t)modes.local,
        .discipline = modes.discipline,
    };
    memcpy(given.characters, modes.characters, sizeof(given.characters));
    return put(user, &given, sizeof(given));
}

/* What is written is sent at once, so nothing is waited for before the change. */
static void set_modes(struct tty *tty, struct terminal_modes *modes, bool flushes) {
    terminal_modes_derive_speeds(modes);
    modes->discipline = 0;
    sleep_lock_acquire(&tty->lock);
    if (flushes) {
        line_flush_input(&tty->line);
    }
    line_set_modes(&tty->line, modes);
    sleep_lock_release(&tty->lock);
    wait_queue_wake(&tty->changed);
    tty_tell_room(tty);
}

static enum status take_modes(struct tty *tty, uint64_t user, size_t size_bytes, bool flushes) {
    struct terminal_modes modes = modes_of(tty);
    enum status status = take(&modes, user, size_bytes);
    if (status == STATUS_OK) {
        set_modes(tty, &modes, flushes);
    }
    return status;
}

static uint32_t with_low_half(uint32_t flags, uint16_t low) {
    return (flags & ~0xffffu) | low;
}

static enum status take_short_modes(struct tty *tty, uint64_t user, bool flushes) {
    struct terminal_modes_short given;
    struct terminal_modes modes = modes_of(tty);
    enum status status = take(&given, user, sizeof(given));
    if (status == STATUS_OK) {
        modes.input = with_low_half(modes.input, given.input);
        modes.output = with_low_half(modes.output, given.output);
        modes.control = with_low_half(modes.control, given.control);
        modes.local = with_low_half(modes.local, given.local);
        memcpy(modes.characters, given.characters, sizeof(given.characters));
        set_modes(tty, &modes, flushes);
    }
    return status;
}

static enum status get_window(struct tty *tty, uint64_t user) {
    sleep_lock_acquire(&tty->lock);
    struct tty_window window = tty->window;
    sleep_lock_release(&tty->lock);
    return put(user, &window, sizeof(window));
}

static enum status set_window(struct tty *tty, uint64_t user) {
    struct tty_window window;
    enum status status = take(&window, user, sizeof(window));
    if (status != STATUS_OK) {
        return status;
    }
    sleep_lock_acquire(&tty->lock);
    bool is_other = memcmp(&window, &tty->window, sizeof(window)) != 0;
    uint32_t group = is_other ? tty_hold_foreground(tty) : 0;
    tty->window = window;
    sleep_lock_release(&tty->lock);
    tty_signal_held(group, TTY_SIGWINCH);
    return STATUS_OK;
}

static enum status get_input_size(struct tty *tty, uint64_t user) {
    sleep_lock_acquire(&tty->lock);
    uint32_t size = line_input_size(&tty->line);
    sleep_lock_release(&tty->lock);
    return put(user, &size, sizeof(size));
}

static enum status get_zero(uint64_t user) {
    const uint32_t zero = 0;
    return put(user, &zero, sizeof(zero));
}

static enum status set_discipline(uint64_t user) {
    uint32_t discipline;
    enum status status = take(&discipline, user, sizeof(discipline));
    return status == STATUS_OK && discipline != 0 ? STATUS_INVALID : status;
}

static enum status flush(struct tty *tty, uint64_t what) {
    if (what > TCIOFLUSH) {
        return STATUS_INVALID;
    }
    if (what != TCOFLUSH) {
        sleep_lock_acquire(&tty->lock);
        line_flush_input(&tty->line);
        sleep_lock_release(&tty->lock);
        tty_tell_room(tty);
    }
    return STATUS_OK;
}

/* The character that tells the other end of the line to stop or to go on. */
static void send_character(struct tty *tty, enum terminal_character which) REQUIRES(tty->lock) {
    char character = (char)tty->line.modes.characters[which];
    if (character != 0) {
        tty->driver->write(tty->context, &character, 1);
    }
}

static enum status control_flow(struct tty *tty, uint64_t what) {
    if (what > TCION) {
        return STATUS_INVALID;
    }
    sleep_lock_acquire(&tty->lock);
    if (what == TCOOFF) {
        line_stop(&tty->line);
    } else if (what == TCOON) {
        line_start(&tty->line);
    } else {
        send_character(tty, what == TCIOFF ? TTY_VSTOP : TTY_VSTART);
    }
    sleep_lock_release(&tty->lock);
    wait_queue_wake(&tty->changed);
    return STATUS_OK;
}

/* As on Linux since 6.2: who may not administer the machine cannot type for others. */
static enum status type(struct tty *tty, uint64_t user) {
    char byte;
    if (!tty_hooks()->is_privileged()) {
        return STATUS_IO_ERROR;
    }
    enum status status = take(&byte, user, sizeof(byte));
    if (status == STATUS_OK) {
        (void)tty_receive(tty, &byte, sizeof(byte));
    }
    return status;
}

static enum status ask(struct tty *tty, uint32_t request, uint64_t argument) {
    switch (request) {
    case TCGETS:
        return get_modes(tty, argument, TERMIOS_SIZE);
    case TCGETS2:
        return get_modes(tty, argument, sizeof(struct terminal_modes));
    case TCGETA:
        return get_short_modes(tty, argument);
    case TIOCGWINSZ:
        return get_window(tty, argument);
    case TIOCINQ:
        return get_input_size(tty, argument);
    case TIOCOUTQ:
    case TIOCGETD:
        return get_zero(argument);
    case TIOCGPGRP:
        return tty_get_foreground(tty, argument);
    case TIOCGSID:
        return tty_get_session(tty, argument);
    default:
        return STATUS_NOT_A_TERMINAL;
    }
}

/* What a process in the background is stopped for. */
static enum status change(struct tty *tty, uint32_t request, uint64_t argument) {
    switch (request) {
    case TCSETS:
    case TCSETSW:
        return take_modes(tty, argument, TERMIOS_SIZE, false);
    case TCSETSF:
        return take_modes(tty, argument, TERMIOS_SIZE, true);
    case TCSETS2:
    case TCSETSW2:
        return take_modes(tty, argument, sizeof(struct terminal_modes), false);
    case TCSETSF2:
        return take_modes(tty, argument, sizeof(struct terminal_modes), true);
    case TCSETA:
    case TCSETAW:
        return take_short_modes(tty, argument, false);
    case TCSETAF:
        return take_short_modes(tty, argument, true);
    case TCFLSH:
        return flush(tty, argument);
    case TCXONC:
        return control_flow(tty, argument);
    case TIOCSETD:
        return set_discipline(argument);
    case TCSBRK:
    case TCSBRKP: /* nothing to wait for, and no line to break */
        return STATUS_OK;
    default:
        return STATUS_NOT_A_TERMINAL;
    }
}

static bool is_change(uint32_t request) {
    return (request >= TCSETS && request <= TCSETSF) || (request >= TCSETA && request <= TCFLSH) ||
           (request >= TCSETS2 && request <= TCSETSF2) || request == TIOCSETD || request == TCSBRKP;
}

static enum status control(const struct file *file, struct tty *tty, uint32_t request,
                           uint64_t argument) {
    switch (request) {
    case TIOCSCTTY:
        return tty_make_controlling(file, tty, argument == 1);
    case TIOCNOTTY:
        return tty_give_up(tty);
    case TIOCSPGRP:
        return tty_set_foreground(tty, argument);
    case TIOCSWINSZ:
        return set_window(tty, argument);
    case TIOCSTI:
        return type(tty, argument);
    default:
        break;
    }
    if (!is_change(request)) {
        return ask(tty, request, argument);
    }
    enum status status = tty_check_background(tty, TTY_SIGTTOU);
    return status == STATUS_OK ? change(tty, request, argument) : status;
}

enum status tty_control(struct file *file, uint32_t request, uint64_t argument) {
    const struct tty_open *open = file->state;
    struct tty *tty = open->tty;
    sleep_lock_acquire(&tty->lock);
    bool is_lost = tty_is_lost(tty, open);
    sleep_lock_release(&tty->lock);
    if (is_lost) {
        return request == TIOCSPGRP ? STATUS_NOT_A_TERMINAL : STATUS_IO_ERROR;
    }
    return control(file, tty, request, argument);
}
