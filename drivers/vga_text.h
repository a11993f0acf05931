#pragma once

#include <stdint.h>

#include "drivers/text_grid.h"
#include "lib/decls.h"
#include "mm/addr/addr.h"

BEGIN_C_DECLS

/* A text mode of the VGA: two bytes a cell, character and attribute. */
struct vga_text_mode {
    phys_addr_t base; /* B8000h, or B0000h for monochrome */
    uint32_t columns, rows;
};

struct vga_text {
    struct text_grid grid;
    struct vga_text_mode mode; /* fixed at creation */
    uint16_t *cells;           /* where the kernel sees mode.base, unless hidden */
};

/* A hidden, empty console. Rows and columns that the VGA's 32 KiB cannot hold are cut off. */
void vga_text_init(struct vga_text *screen, const struct vga_text_mode *mode);

uint64_t vga_text_size_bytes(const struct vga_text *screen);

/* Shows it at `cells`, which maps vga_text_size_bytes of mode.base until vga_text_hide. */
void vga_text_show(struct vga_text *screen, void *cells);
void vga_text_hide(struct vga_text *screen);

END_C_DECLS
