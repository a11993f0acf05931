#pragma once

#include <stdint.h>

#include "lib/decls.h"

BEGIN_C_DECLS

/* Characters of Unicode as the VGA shows them: code page 437. */

constexpr uint8_t CODE_PAGE_UNKNOWN = '?';

/* The character of the code page; CODE_PAGE_UNKNOWN where it has none like it. */
uint8_t code_page_find(uint32_t character);

/* How many columns a character takes: 0 for what is put on the one before, 2 for those of East
 * Asia and for pictures, else 1. */
unsigned code_page_width(uint32_t character);

/* What the VT100's special graphics show for a byte of ASCII: corners, lines, signs. */
uint8_t code_page_graphic(uint8_t byte);

END_C_DECLS
