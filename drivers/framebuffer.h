#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/text_grid.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "mm/addr/addr.h"

BEGIN_C_DECLS

/* A linear framebuffer as VBE describes it (VBE 3.0, mode information block). */
struct framebuffer_mode {
    phys_addr_t base;
    uint32_t width, height; /* pixels */
    uint32_t pitch_bytes;   /* from one row to the next */
    uint8_t bits_per_pixel; /* 15, 16, 24 or 32 */
    uint8_t red_size, red_shift;
    uint8_t green_size, green_shift;
    uint8_t blue_size, blue_shift;
};

/* A text console on it, in a built-in 8x16 font. */
struct framebuffer {
    struct text_grid grid;
    struct framebuffer_mode mode; /* fixed at creation */
    uint8_t *pixels;              /* where the kernel sees mode.base */
    uint32_t foreground, background;
};

/*
 * Shows an empty console at `pixels`, which maps framebuffer_size_bytes of mode->base.
 * STATUS_INVALID: a mode that cannot be: too small for one character, an unknown depth, a pitch
 * shorter than a row, a colour outside the pixel, a size that wraps.
 */
enum status framebuffer_init(struct framebuffer *framebuffer, const struct framebuffer_mode *mode,
                             void *pixels);

uint64_t framebuffer_size_bytes(const struct framebuffer_mode *mode);

/* Between framebuffer_hide and framebuffer_show nothing is drawn, so the mapping may change. */
void framebuffer_hide(struct framebuffer *framebuffer);
void framebuffer_show(struct framebuffer *framebuffer, void *pixels);

END_C_DECLS
