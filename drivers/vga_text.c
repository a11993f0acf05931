#include "drivers/vga_text.h"

constexpr uint32_t CELLS_MAX = 0x8000 / sizeof(uint16_t);

static void draw_cell(struct text_grid *grid, unsigned row, unsigned column,
                      struct text_cell shown) {
    const struct vga_text *screen = (const struct vga_text *)grid;
    uint16_t cell = (uint16_t)(shown.attribute << 8 | shown.character);
    *(volatile uint16_t *)&screen->cells[row * grid->columns + column] = cell;
}

void vga_text_init(struct vga_text *screen, const struct vga_text_mode *mode) {
    text_grid_init(&screen->grid, mode->columns, mode->rows, 1);
    while (screen->grid.columns * screen->grid.rows > CELLS_MAX) {
        screen->grid.rows--;
    }
    screen->grid.draw = draw_cell;
    screen->mode = *mode;
    screen->cells = nullptr;
}

uint64_t vga_text_size_bytes(const struct vga_text *screen) {
    return (uint64_t)screen->grid.columns * screen->grid.rows * sizeof(uint16_t);
}

void vga_text_show(struct vga_text *screen, void *cells) {
    screen->cells = cells;
    text_grid_show(&screen->grid);
}

void vga_text_hide(struct vga_text *screen) {
    text_grid_hide(&screen->grid);
    screen->cells = nullptr;
}
