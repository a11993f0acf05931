#include "kernel/terminal/terminal.h"

#include "bootloader/boot_info.h"
#include "drivers/console.h"
#include "drivers/framebuffer.h"
#include "drivers/keyboard.h"
#include "drivers/screen.h"
#include "drivers/serial.h"
#include "drivers/terminal_emulator.h"
#include "drivers/vga_text.h"
#include "kernel/cpu/cpu.h"
#include "kernel/files/file/device.h"
#include "kernel/log.h"
#include "kernel/terminal/input.h"
#include "kernel/thread/thread.h"
#include "kernel/tty/tty/tty.h"

/* Interrupts are off for one piece: at 115,200 baud 0.7 ms, in which the receiver's FIFO of 16
 * bytes does not fill; and for one row of the screen, which is drawn once for all that is written.
 */
constexpr size_t PIECE_SIZE = 8;
constexpr unsigned FONT_CELL_WIDTH = 8;
constexpr unsigned FONT_CELL_HEIGHT = 16;
constexpr char CANCEL = 24; /* ends a control sequence without effect (ECMA-48 8.3.6) */

/* Everything here is fixed by terminal_begin. */
struct terminal {
    struct console *console; /* nullptr: none */
    struct console *echo;    /* shows the same; nullptr: none */
    struct serial *raw;      /* instead of both: bytes as they are */
    uint16_t columns, rows;

    /* Fixed by terminal_begin_ttys. */
    struct serial *line; /* takes a tty's bytes, or shows those of the screen; nullptr: none */
    struct tty *tty;
};

static struct serial com1, com2;
static bool has_com1, has_com2;
static struct terminal terminals[3];
static struct terminal_emulator emulator; /* guarded by interrupts */
static bool has_begun;
static bool is_log_shown;

static struct framebuffer_colour colour(struct boot_colour boot) {
    struct framebuffer_colour result = {.shift = boot.shift, .bit_count = boot.bit_count};
    return result;
}

static bool begin_framebuffer(const struct boot_framebuffer *boot) {
    const struct framebuffer_mode mode = {
        .base = phys_addr(boot->phys),
        .width = boot->width,
        .height = boot->height,
        .pitch_bytes = boot->pitch_bytes,
        .bits_per_pixel = boot->bits_per_pixel,
        .red = colour(boot->red),
        .green = colour(boot->green),
        .blue = colour(boot->blue),
    };
    return boot->phys != 0 && screen_start_framebuffer(&mode) == STATUS_OK;
}

static void begin_screen(const struct boot_info *info) {
    static const struct vga_text_mode usual = {{0xb8000}, 80, 25};
    struct terminal *terminal = &terminals[TERMINAL_SCREEN];
    if (info && begin_framebuffer(&info->framebuffer)) {
        terminal->columns = (uint16_t)(info->framebuffer.width / FONT_CELL_WIDTH);
        terminal->rows = (uint16_t)(info->framebuffer.height / FONT_CELL_HEIGHT);
        return;
    }
    struct vga_text_mode mode = usual;
    if (info && info->text.phys != 0) {
        mode.base = phys_addr(info->text.phys);
        mode.columns = info->text.columns;
        mode.rows = info->text.rows;
    }
    screen_start_text(&mode);
    terminal->columns = (uint16_t)mode.columns;
    terminal->rows = (uint16_t)mode.rows;
}

void terminal_begin(const struct boot_info *info) {
    has_begun = true;
    begin_screen(info);
    has_com1 = serial_init(&com1, SERIAL_COM1_PORT, "com1") == STATUS_OK;
    has_com2 = serial_init(&com2, SERIAL_COM2_PORT, "com2") == STATUS_OK;
    terminals[TERMINAL_SCREEN].console = screen_console();
    if (has_com1) {
        terminals[TERMINAL_SCREEN].echo = &com1.console;
        terminals[TERMINAL_COM1].console = &com1.console;
    }
    if (has_com2) {
        terminals[TERMINAL_COM2].raw = &com2;
    }
}

void terminal_show_log(uint8_t log_consoles) {
    if (!has_begun) {
        terminal_begin(nullptr);
    }
    is_log_shown = log_consoles != LOG_TO_NONE;
    if (log_consoles & LOG_TO_SCREEN) {
        log_add_sink(screen_console());
    }
    if ((log_consoles & LOG_TO_COM1) && has_com1) {
        log_add_sink(&com1.console);
    }
    if ((log_consoles & LOG_TO_COM2) && has_com2) {
        log_add_sink(&com2.console);
    }
}

bool terminal_is_log_shown(void) {
    return is_log_shown;
}

struct terminal *terminal_get(enum terminal_name name) {
    return &terminals[name];
}

static void write_piece(struct terminal *terminal, const char *bytes, size_t length) {
    bool were_enabled = interrupts_save();
    if (terminal->raw) {
        serial_write(terminal->raw, bytes, length);
    }
    if (terminal->console) {
        console_write(terminal->console, bytes, length);
    }
    if (terminal->echo) {
        console_write(terminal->echo, bytes, length);
    }
    interrupts_restore(were_enabled);
}

typedef void piece_writer(struct terminal *terminal, const char *bytes, size_t length);

static void write_pieces(struct terminal *terminal, piece_writer *write, const char *bytes,
                         size_t length) {
    thread_preempt_disable();
    while (length > 0) {
        size_t piece = length < PIECE_SIZE ? length : PIECE_SIZE;
        write(terminal, bytes, piece);
        bytes += piece;
        length -= piece;
    }
    thread_preempt_enable();
}

void terminal_write(struct terminal *terminal, const char *bytes, size_t length) {
    write_pieces(terminal, write_piece, bytes, length);
}

void terminal_size(const struct terminal *terminal, uint16_t *columns, uint16_t *rows) {
    *columns = terminal->columns;
    *rows = terminal->rows;
}

void terminal_drain(void) {
    if (has_com1) {
        serial_drain(&com1);
    }
    if (has_com2) {
        serial_drain(&com2);
    }
}

/* What a program sends to the screen, and COM1 shows the same. It is not asked the program's
 * questions, which the screen has answered: two answers would be one too many. */
static void write_screen_piece(struct terminal *terminal, const char *bytes, size_t length) {
    bool were_enabled = interrupts_save();
    size_t done = 0;
    while (done < length) {
        size_t taken = terminal_emulator_put(&emulator, bytes + done, length - done);
        bool is_question = emulator.reply_length > 0;
        if (is_question) {
            input_reply(emulator.reply, emulator.reply_length);
        }
        if (terminal->line != nullptr) {
            serial_write(terminal->line, bytes + done, taken - is_question);
            serial_write(terminal->line, &CANCEL, is_question);
        }
        done += taken;
    }
    interrupts_restore(were_enabled);
}

static void draw_screen(void) {
    bool has_drawn = true;
    while (has_drawn) {
        bool were_enabled = interrupts_save();
        has_drawn = text_grid_draw_row(emulator.grid);
        interrupts_restore(were_enabled);
    }
    bool were_enabled = interrupts_save();
    terminal_emulator_end(&emulator);
    interrupts_restore(were_enabled);
}

static void write_serial_piece(struct terminal *terminal, const char *bytes, size_t length) {
    bool were_enabled = interrupts_save();
    if (terminal->line != nullptr) {
        serial_write(terminal->line, bytes, length);
    }
    interrupts_restore(were_enabled);
}

static void write_screen(void *context, const char *bytes, size_t length) {
    thread_preempt_disable();
    write_pieces(context, write_screen_piece, bytes, length);
    draw_screen();
    thread_preempt_enable();
}

static void write_serial(void *context, const char *bytes, size_t length) {
    write_pieces(context, write_serial_piece, bytes, length);
}

static void resume_input(void *context) {
    (void)context;
    input_resume();
}

/* COM2 is for programs that talk to a machine: bytes as they are, and where none came, none are
 * waited for. */
static struct terminal_modes modes_of(enum terminal_name name) {
    struct terminal_modes modes =
        name == TERMINAL_COM2 ? terminal_modes_raw() : terminal_modes_usual();
    if (name == TERMINAL_COM2) {
        modes.characters[TTY_VMIN] = 0;
    } else {
        modes.control = TTY_B115200 | TTY_CS8 | TTY_CREAD | TTY_HUPCL;
    }
    if (name == TERMINAL_SCREEN) {
        modes.input |= TTY_IUTF8;
    }
    terminal_modes_derive_speeds(&modes);
    return modes;
}

static enum status create_tty(enum terminal_name name, uint32_t minor) {
    static const struct tty_driver screen = {.write = write_screen, .has_room = resume_input};
    static const struct tty_driver serial = {.write = write_serial, .has_room = resume_input};
    constexpr uint32_t terminal_major = 4;
    struct terminal *terminal = &terminals[name];
    const struct tty_setup setup = {
        .device = device_number(terminal_major, minor),
        .driver = name == TERMINAL_SCREEN ? &screen : &serial,
        .context = terminal,
        .modes = modes_of(name),
        .window = {.rows = terminal->rows, .columns = terminal->columns},
    };
    return tty_create(&setup, &terminal->tty);
}

static enum status create_ttys(enum terminal_name console) {
    constexpr uint32_t tty1 = 1;
    constexpr uint32_t ttys0 = 64;
    enum status status = create_tty(TERMINAL_SCREEN, tty1);
    if (status == STATUS_OK) {
        status = create_tty(TERMINAL_COM1, ttys0);
    }
    if (status == STATUS_OK) {
        status = create_tty(TERMINAL_COM2, ttys0 + 1);
    }
    return status == STATUS_OK ? tty_register_aliases(terminals[console].tty) : status;
}

enum status terminal_begin_ttys(enum terminal_name console) {
    bool is_screen = console == TERMINAL_SCREEN;
    terminal_emulator_init(&emulator, screen_grid());
    terminals[TERMINAL_SCREEN].line = has_com1 && is_screen ? &com1 : nullptr;
    terminals[TERMINAL_COM1].line = has_com1 ? &com1 : nullptr;
    terminals[TERMINAL_COM2].line = has_com2 ? &com2 : nullptr;
    enum status status = create_ttys(console);
    if (status != STATUS_OK) {
        return status;
    }
    const struct input_routes routes = {
        .com1 = terminals[TERMINAL_COM1].line,
        .com2 = terminals[TERMINAL_COM2].line,
        .from_com1 = terminals[is_screen ? TERMINAL_SCREEN : TERMINAL_COM1].tty,
        .from_com2 = terminals[TERMINAL_COM2].tty,
        .from_keyboard = terminals[TERMINAL_SCREEN].tty,
        .has_cursor_keys = &emulator.has_cursor_keys,
    };
    return input_begin(&routes);
}

struct tty *terminal_tty(enum terminal_name name) {
    return terminals[name].tty;
}

void terminal_interrupt(uint8_t line) {
    input_interrupt(line);
}

void terminal_end_input(void) {
    input_end();
}

uint8_t terminal_poll_key(void) {
    uint16_t key = keyboard_poll();
    if (key != KEY_NONE) {
        return key < KEY_OTHER ? (uint8_t)key : KEY_OTHER;
    }
    uint8_t byte;
    return has_com1 && serial_poll(&com1, &byte) ? byte : KEY_NONE;
}
