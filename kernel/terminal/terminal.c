#include "kernel/terminal/terminal.h"

#include "bootloader/boot_info.h"
#include "drivers/console.h"
#include "drivers/framebuffer.h"
#include "drivers/keyboard.h"
#include "drivers/screen.h"
#include "drivers/serial.h"
#include "drivers/vga_text.h"
#include "kernel/cpu/cpu.h"
#include "kernel/log.h"
#include "kernel/thread/thread.h"

constexpr size_t PIECE_SIZE = 64; /* at 115,200 baud, 6 ms with interrupts off */
constexpr unsigned FONT_CELL_WIDTH = 8;
constexpr unsigned FONT_CELL_HEIGHT = 16;

/* Everything here is fixed by terminal_begin. */
struct terminal {
    struct console *console; /* nullptr: none */
    struct console *echo;    /* shows the same; nullptr: none */
    struct serial *raw;      /* instead of both: bytes as they are */
    uint16_t columns, rows;
};

static struct serial com1, com2;
static bool has_com1, has_com2;
static struct terminal terminals[3];
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

void terminal_write(struct terminal *terminal, const char *bytes, size_t length) {
    thread_preempt_disable();
    while (length > 0) {
        size_t piece = length < PIECE_SIZE ? length : PIECE_SIZE;
        write_piece(terminal, bytes, piece);
        bytes += piece;
        length -= piece;
    }
    thread_preempt_enable();
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

uint8_t terminal_poll_key(void) {
    uint8_t key = keyboard_poll();
    if (key == KEY_NONE && has_com1 && !serial_poll(&com1, &key)) {
        return KEY_NONE;
    }
    return key;
}
