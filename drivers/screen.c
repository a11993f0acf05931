#include "drivers/screen.h"

#include "kernel/cpu/cpu.h"
#include "mm/space/kernel_space.h"

constexpr uint64_t IDENTITY_MAP_END = 1ull << 32; /* what the loader maps */

/* The VGA's cursor: an index port, then a data port (IBM VGA, CRT controller 0Eh and 0Fh). */
constexpr uint64_t MONOCHROME_BASE = 0xb0000;
constexpr uint16_t CRTC_INDEX_COLOUR = 0x3d4;
constexpr uint16_t CRTC_INDEX_MONOCHROME = 0x3b4;
constexpr uint8_t CRTC_CURSOR_HIGH = 0x0e;
constexpr uint8_t CRTC_CURSOR_LOW = 0x0f;

/* The console's lock guards all of it: only one kind is ever started. */
static enum { SCREEN_NONE, SCREEN_FRAMEBUFFER, SCREEN_TEXT } kind;
static struct framebuffer framebuffer;
static struct vga_text text;

static void move_vga_cursor(struct text_grid *grid) {
    bool is_monochrome = text.mode.base.value == MONOCHROME_BASE;
    uint16_t index = is_monochrome ? CRTC_INDEX_MONOCHROME : CRTC_INDEX_COLOUR;
    unsigned column = grid->column < grid->columns ? grid->column : grid->columns - 1;
    bool is_shown = grid->cursor != TEXT_CURSOR_HIDDEN;
    unsigned row = is_shown ? grid->row : grid->rows; /* a row that is not seen */
    unsigned position = row * grid->columns + column;
    port_write8(index, CRTC_CURSOR_HIGH);
    port_write8(index + 1, (uint8_t)(position >> 8));
    port_write8(index, CRTC_CURSOR_LOW);
    port_write8(index + 1, (uint8_t)position);
}

enum status screen_start_framebuffer(const struct framebuffer_mode *mode) {
    enum status status = framebuffer_init(&framebuffer, mode);
    if (status != STATUS_OK) {
        return status;
    }
    if (mode->base.value > IDENTITY_MAP_END - framebuffer_size_bytes(mode)) {
        return STATUS_OUT_OF_RANGE;
    }
    kind = SCREEN_FRAMEBUFFER;
    framebuffer_show(&framebuffer, (void *)mode->base.value);
    return STATUS_OK;
}

void screen_start_text(const struct vga_text_mode *mode) {
    kind = SCREEN_TEXT;
    vga_text_init(&text, mode);
    text.grid.cursor_moved = move_vga_cursor;
    vga_text_show(&text, (void *)mode->base.value);
}

struct console *screen_console(void) {
    switch (kind) {
    case SCREEN_FRAMEBUFFER:
        return &framebuffer.grid.console;
    case SCREEN_TEXT:
        return &text.grid.console;
    case SCREEN_NONE:
        break;
    }
    return nullptr;
}

struct text_grid *screen_grid(void) {
    return (struct text_grid *)screen_console();
}

void screen_hide(void) {
    switch (kind) {
    case SCREEN_FRAMEBUFFER:
        framebuffer_hide(&framebuffer);
        break;
    case SCREEN_TEXT:
        vga_text_hide(&text);
        break;
    case SCREEN_NONE:
        break;
    }
}

static enum status map_framebuffer(void) {
    void *pixels;
    const struct framebuffer_mode *mode = &framebuffer.mode;
    enum status status = kernel_range_map_device(mode->base, framebuffer_size_bytes(mode),
                                                 CACHE_WRITE_COMBINING, "framebuffer", &pixels);
    if (status == STATUS_OK) {
        framebuffer_show(&framebuffer, pixels);
    }
    return status;
}

static enum status map_text(void) {
    void *cells;
    enum status status = kernel_range_map_device(text.mode.base, vga_text_size_bytes(&text),
                                                 CACHE_UNCACHED, "VGA text", &cells);
    if (status == STATUS_OK) {
        vga_text_show(&text, cells);
    }
    return status;
}

enum status screen_map(void) {
    switch (kind) {
    case SCREEN_FRAMEBUFFER:
        return map_framebuffer();
    case SCREEN_TEXT:
        return map_text();
    case SCREEN_NONE:
        break;
    }
    return STATUS_OK;
}
