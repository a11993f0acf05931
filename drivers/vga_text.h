#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/text_grid.h"
#include "lib/decls.h"

BEGIN_C_DECLS

constexpr uint64_t VGA_TEXT_BASE = 0xb8000; /* colour text of every VGA, modes 2 and 3 */
constexpr uint64_t VGA_TEXT_SIZE_BYTES = 0x8000;

/* The 80x25 text screen that the BIOS left. */
struct vga_text {
    struct text_grid grid;
    uint16_t *cells; /* where the kernel sees VGA_TEXT_BASE */
};

/* Clears the screen and shows an empty console at `cells`, which maps VGA_TEXT_BASE. */
void vga_text_init(struct vga_text *screen, void *cells);

/* Between vga_text_hide and vga_text_show nothing is drawn, so the mapping may change. */
void vga_text_hide(struct vga_text *screen);
void vga_text_show(struct vga_text *screen, void *cells);

END_C_DECLS
