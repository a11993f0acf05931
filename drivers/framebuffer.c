#include "drivers/framebuffer.h"

#include "drivers/font.h"

/* The sixteen colours of the VGA's text mode. */
constexpr uint8_t DIM = 0xaa;
constexpr uint8_t BRIGHT = 0x55; /* is added */
constexpr uint8_t INK_BRIGHT = 8;
constexpr uint8_t INK_RED = 4;
constexpr uint8_t INK_GREEN = 2;
constexpr uint8_t INK_BLUE = 1;
constexpr uint8_t INK_BROWN = 6; /* and not the yellow that it would be */
constexpr uint8_t BROWN_GREEN = 0x55;
constexpr unsigned SCROLL_FRACTION = 8; /* drawing is slow: scroll by an eighth of the rows */

static uint32_t bytes_per_pixel(const struct framebuffer_mode *mode) {
    return (mode->bits_per_pixel + 7) / 8;
}

uint64_t framebuffer_size_bytes(const struct framebuffer_mode *mode) {
    return (uint64_t)mode->pitch_bytes * mode->height;
}

static bool is_known_depth(uint32_t bits) {
    return bits == 15 || bits == 16 || bits == 24 || bits == 32;
}

static bool is_inside_pixel(struct framebuffer_colour colour, uint32_t bits_per_pixel) {
    return colour.bit_count <= 8 && colour.shift + colour.bit_count <= bits_per_pixel;
}

static bool is_possible(const struct framebuffer_mode *mode) {
    uint64_t row_bytes = (uint64_t)mode->width * bytes_per_pixel(mode);
    return is_known_depth(mode->bits_per_pixel) && mode->width >= FONT_WIDTH &&
           mode->height >= FONT_HEIGHT && mode->pitch_bytes >= row_bytes &&
           framebuffer_size_bytes(mode) <= FRAMEBUFFER_SIZE_MAX &&
           is_inside_pixel(mode->red, mode->bits_per_pixel) &&
           is_inside_pixel(mode->green, mode->bits_per_pixel) &&
           is_inside_pixel(mode->blue, mode->bits_per_pixel);
}

/* A colour of no bits may lie right behind the pixel, where nothing can be shifted to. */
static uint32_t colour_bits(struct framebuffer_colour colour, uint8_t level) {
    if (colour.bit_count == 0) {
        return 0;
    }
    return (uint32_t)(level >> (8 - colour.bit_count)) << colour.shift;
}

static uint8_t level_of(uint8_t ink, uint8_t bit) {
    return (uint8_t)((ink & bit ? DIM : 0) + (ink & INK_BRIGHT ? BRIGHT : 0));
}

static uint32_t pixel_of(const struct framebuffer_mode *mode, uint8_t ink) {
    uint8_t green = ink == INK_BROWN ? BROWN_GREEN : level_of(ink, INK_GREEN);
    return colour_bits(mode->red, level_of(ink, INK_RED)) | colour_bits(mode->green, green) |
           colour_bits(mode->blue, level_of(ink, INK_BLUE));
}

/* The sixteen ways in which four pixels can be ink or not, leftmost in bit 3. */
static void fill_patterns(struct framebuffer *framebuffer, uint8_t attribute) {
    uint32_t size_bytes = bytes_per_pixel(&framebuffer->mode);
    uint32_t ink = pixel_of(&framebuffer->mode, attribute & 15);
    uint32_t paper = pixel_of(&framebuffer->mode, attribute >> 4 & 7);
    for (unsigned pattern = 0; pattern < FRAMEBUFFER_PATTERNS; pattern++) {
        for (unsigned x = 0; x < FRAMEBUFFER_PATTERN_PIXELS; x++) {
            uint32_t pixel = (pattern & 8 >> x) != 0 ? ink : paper;
            __builtin_memcpy(framebuffer->patterns[pattern] + x * size_bytes, &pixel, size_bytes);
        }
    }
    framebuffer->attribute = attribute;
}

/* With sizes that the compiler knows, these are one or two moves each. */
static void put_pattern(uint8_t *to, const uint8_t *pattern, uint32_t pixel_size_bytes) {
    switch (pixel_size_bytes) {
    case 2:
        __builtin_memcpy(to, pattern, 2 * FRAMEBUFFER_PATTERN_PIXELS);
        break;
    case 3:
        __builtin_memcpy(to, pattern, 3 * FRAMEBUFFER_PATTERN_PIXELS);
        break;
    default:
        __builtin_memcpy(to, pattern, 4 * FRAMEBUFFER_PATTERN_PIXELS);
    }
}

/* What the font has for a character of code page 437: from 80h on, in order. */
static uint8_t ascii_like(uint8_t character) {
    static const char likenesses[] = "CueaaaaceeeiiiAAEaAooouuyOUc$YPf"
                                     "aiounNao?--24!<>"
                                     "###|++++++|+++++"
                                     "++++-++++++++=++"
                                     "+++++++++++####"
                                     "#aBGpSsutFTOd8fen"
                                     "=+><()/~o..vn2# ";
    static_assert(sizeof(likenesses) == 0x80 + 1);
    static const char arrows[] = "^v><";
    constexpr uint8_t first_arrow = 0x18;
    if (character >= first_arrow && character < first_arrow + sizeof(arrows) - 1) {
        return (uint8_t)arrows[character - first_arrow];
    }
    if (character >= FONT_FIRST && character < FONT_FIRST + FONT_COUNT) {
        return character;
    }
    return character >= 0x80 ? (uint8_t)likenesses[character - 0x80] : '*';
}

static void draw_glyph(struct text_grid *grid, unsigned row, unsigned column,
                       struct text_cell cell) {
    struct framebuffer *framebuffer = (struct framebuffer *)grid;
    const struct framebuffer_mode *mode = &framebuffer->mode;
    if (cell.attribute != framebuffer->attribute) {
        fill_patterns(framebuffer, cell.attribute);
    }
    const uint8_t *glyph = font_glyphs[ascii_like(cell.character) - FONT_FIRST];
    uint32_t size_bytes = bytes_per_pixel(mode);
    uint64_t offset = (uint64_t)row * FONT_HEIGHT * mode->pitch_bytes;
    uint8_t *line = framebuffer->pixels + offset + (uint64_t)column * FONT_WIDTH * size_bytes;
    for (unsigned y = 0; y < FONT_HEIGHT; y++, line += mode->pitch_bytes) {
        uint8_t *right = line + FRAMEBUFFER_PATTERN_PIXELS * size_bytes;
        put_pattern(line, framebuffer->patterns[glyph[y] >> 4], size_bytes);
        put_pattern(right, framebuffer->patterns[glyph[y] & 15], size_bytes);
    }
}

/* The cursor is a block, drawn once somebody asks for one. */
static void move_cursor(struct text_grid *grid) {
    struct framebuffer *framebuffer = (struct framebuffer *)grid;
    unsigned row = framebuffer->cursor_row;
    unsigned column = framebuffer->cursor_column;
    if (framebuffer->has_cursor) {
        draw_glyph(grid, row, column, grid->cells[row][column]);
    }
    framebuffer->has_cursor = grid->cursor == TEXT_CURSOR_SHOWN;
    if (!framebuffer->has_cursor) {
        return;
    }
    row = grid->row;
    column = grid->column < grid->columns ? grid->column : grid->columns - 1;
    struct text_cell cell = grid->cells[row][column];
    cell.attribute = text_attribute_inverse(cell.attribute);
    draw_glyph(grid, row, column, cell);
    framebuffer->cursor_row = row;
    framebuffer->cursor_column = column;
}

enum status framebuffer_init(struct framebuffer *framebuffer, const struct framebuffer_mode *mode) {
    if (!is_possible(mode)) {
        return STATUS_INVALID;
    }
    unsigned rows = mode->height / FONT_HEIGHT;
    text_grid_init(&framebuffer->grid, mode->width / FONT_WIDTH, rows, rows / SCROLL_FRACTION);
    framebuffer->grid.draw = draw_glyph;
    framebuffer->grid.cursor_moved = move_cursor;
    framebuffer->grid.is_stale = false; /* framebuffer_show clears it first, all at once */
    framebuffer->mode = *mode;
    fill_patterns(framebuffer, TEXT_ATTRIBUTE_USUAL);
    framebuffer->has_cursor = false;
    framebuffer->pixels = nullptr;
    framebuffer->is_cleared = false;
    return STATUS_OK;
}

void framebuffer_show(struct framebuffer *framebuffer, void *pixels) {
    framebuffer->pixels = pixels;
    if (!framebuffer->is_cleared) {
        __builtin_memset(pixels, 0, framebuffer_size_bytes(&framebuffer->mode));
        framebuffer->is_cleared = true;
    }
    text_grid_show(&framebuffer->grid);
}

void framebuffer_hide(struct framebuffer *framebuffer) {
    text_grid_hide(&framebuffer->grid);
    framebuffer->pixels = nullptr;
}
