#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/console.h"
#include "lib/decls.h"

BEGIN_C_DECLS

constexpr unsigned TEXT_GRID_COLUMNS_MAX = 256;
constexpr unsigned TEXT_GRID_ROWS_MAX = 128;

/* Where the reader of a control sequence stands (ECMA-48 5.4). Sequences are skipped. */
enum text_escape : uint8_t {
    TEXT_ESCAPE_NONE,
    TEXT_ESCAPE_STARTED, /* ESC was seen */
    TEXT_ESCAPE_CONTROL, /* ESC [ was seen: all up to a byte of 40h..7Eh belongs to it */
};

/* What a cell shows: a character of code page 437, and colours as the VGA has them (IBM VGA,
 * attribute controller): the ink in bits 0 to 3, the paper in bits 4 to 6. */
struct text_cell {
    uint8_t character;
    uint8_t attribute;
};

constexpr uint8_t TEXT_ATTRIBUTE_USUAL = 0x07; /* light grey on black */
constexpr struct text_cell TEXT_BLANK = {' ', TEXT_ATTRIBUTE_USUAL};

/* As a cell is shown where the cursor is a block. */
static inline uint8_t text_attribute_inverse(uint8_t attribute) {
    return (uint8_t)((attribute & 0x88) | (attribute >> 4 & 7) | (attribute & 7) << 4);
}

enum text_cursor : uint8_t {
    TEXT_CURSOR_USUAL, /* as the device has it when nobody has asked for anything */
    TEXT_CURSOR_SHOWN,
    TEXT_CURSOR_HIDDEN,
};

/*
 * A terminal's layout without its device: a grid of characters, a cursor, line breaks and
 * scrolling. The device draws what it is told, and only cells that change, so video memory is never
 * read; and once for all that was written together. Guarded by its caller.
 */
struct text_grid {
    struct console console;
    unsigned columns, rows; /* fixed at creation */
    unsigned scroll_rows;   /* by how many rows a full grid scrolls; fixed at creation */
    unsigned column, row;   /* the cursor; column == columns: the next character wraps first */
    enum text_escape escape;
    enum text_cursor cursor;
    bool is_hidden; /* nothing is drawn, everything is remembered */
    bool is_stale;  /* the device shows none of it yet */
    void (*draw)(struct text_grid *grid, unsigned row, unsigned column, struct text_cell cell);
    void (*cursor_moved)(struct text_grid *grid); /* may be nullptr */

    /* What the device will show, and what it shows; the same in rows that have not changed. */
    struct text_cell cells[TEXT_GRID_ROWS_MAX][TEXT_GRID_COLUMNS_MAX];
    struct text_cell shown[TEXT_GRID_ROWS_MAX][TEXT_GRID_COLUMNS_MAX];
    bool has_changed[TEXT_GRID_ROWS_MAX];
};

/* Cells from one row and column on, up to and without another. */
struct text_area {
    unsigned top, left, bottom, right;
};

/* A hidden grid of blanks, whose console is "screen"; `draw` and `cursor_moved` are still the
 * device's to set. Sizes are cut to what is possible, at least 1 by 1. */
void text_grid_init(struct text_grid *grid, unsigned columns, unsigned rows, unsigned scroll_rows);

/* Changes a cell, which is drawn with its row; one that is not in the grid is ignored. */
void text_grid_set(struct text_grid *grid, unsigned row, unsigned column, struct text_cell cell);

/* Of an area in the grid: every cell; and moved by so many rows or columns, against which what
 * becomes free is filled. */
void text_grid_fill(struct text_grid *grid, struct text_area area, struct text_cell cell);
void text_grid_move_up(struct text_grid *grid, struct text_area area, unsigned rows,
                       struct text_cell blank);
void text_grid_move_down(struct text_grid *grid, struct text_area area, unsigned rows,
                         struct text_cell blank);
void text_grid_move_left(struct text_grid *grid, struct text_area area, unsigned columns,
                         struct text_cell blank);
void text_grid_move_right(struct text_grid *grid, struct text_area area, unsigned columns,
                          struct text_cell blank);

/* Draws a row that has changed; false: there is none, or nothing is drawn now. */
bool text_grid_draw_row(struct text_grid *grid);

/* Draws all that has changed. The cursor has moved, or is shown otherwise. */
void text_grid_show_cursor(struct text_grid *grid);

/* Stops drawing: the device is about to lose its mapping. */
void text_grid_hide(struct text_grid *grid);

/* Draws again; all cells at once where any has changed meanwhile. */
void text_grid_show(struct text_grid *grid);

END_C_DECLS
