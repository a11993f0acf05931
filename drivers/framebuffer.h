#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/text_grid.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"
#include "mm/addr/addr.h"

BEGIN_C_DECLS

/* The bits of one colour in a pixel, which is read as a little-endian number. */
struct framebuffer_colour {
    uint8_t shift;
    uint8_t bit_count;
};

/* A linear framebuffer as VBE describes it (VBE 3.0, mode information block). */
struct framebuffer_mode {
    phys_addr_t base;
    uint32_t width, height;  /* pixels */
    uint32_t pitch_bytes;    /* from one row to the next */
    uint32_t bits_per_pixel; /* 15, 16, 24 or 32 */
    struct framebuffer_colour red, green, blue;
};

constexpr unsigned FRAMEBUFFER_PATTERN_PIXELS = 4;
constexpr unsigned FRAMEBUFFER_PATTERNS = 1 << FRAMEBUFFER_PATTERN_PIXELS;

/* A text console on it, in a built-in 8x16 font of the ASCII characters; what else code page 437
 * has is shown as one that is like it. */
struct framebuffer {
    struct text_grid grid;
    struct framebuffer_mode mode;               /* fixed at creation */
    uint8_t patterns[FRAMEBUFFER_PATTERNS][16]; /* four pixels of each kind, in these colours: */
    uint8_t attribute;
    uint8_t *pixels; /* where the kernel sees mode.base, unless hidden */
    bool is_cleared;
    bool has_cursor; /* is drawn, here: */
    unsigned cursor_row, cursor_column;
};

/*
 * A hidden, empty console. STATUS_INVALID: a mode that cannot be, too small for one character, of
 * an unknown depth, with a pitch shorter than a row, a colour outside the pixel, or larger than
 * FRAMEBUFFER_SIZE_MAX.
 */
enum status framebuffer_init(struct framebuffer *framebuffer,
                             UNTRUSTED const struct framebuffer_mode *mode);

constexpr uint64_t FRAMEBUFFER_SIZE_MAX = 1ull << 30;

/* Of a mode that framebuffer_init takes. */
uint64_t framebuffer_size_bytes(TRUSTED const struct framebuffer_mode *mode);

/* Shows it at `pixels`, which maps framebuffer_size_bytes of mode.base until framebuffer_hide. */
void framebuffer_show(struct framebuffer *framebuffer, void *pixels);
void framebuffer_hide(struct framebuffer *framebuffer);

END_C_DECLS
