#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

constexpr unsigned FONT_WIDTH = 8;
constexpr unsigned FONT_HEIGHT = 16;
constexpr unsigned FONT_FIRST = ' ';
constexpr unsigned FONT_COUNT = '~' - ' ' + 1;

/* The printable ASCII characters, a byte a row, bit 7 leftmost. Drawn in font.txt. */
extern const uint8_t font_glyphs[FONT_COUNT][FONT_HEIGHT];

END_C_DECLS
