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

/*
 * A terminal's layout without its device: a grid of characters, a cursor, line breaks and
 * scrolling. The device draws what it is told, and only cells that change, so video memory is never
 * read. Guarded by its caller.
 */
struct text_grid {
    struct console console;
    unsigned columns, rows; /* fixed at creation */
    unsigned scroll_rows;   /* by how many rows a full grid scrolls; fixed at creation */
    unsigned column, row;   /* the cursor; column == columns: the next character wraps first */
    enum text_escape escape;
    bool is_hidden; /* nothing is drawn, everything is remembered */
    bool is_stale;  /* cells changed while hidden */
    void (*draw)(struct text_grid *grid, unsigned row, unsigned column, char character);
    void (*cursor_moved)(struct text_grid *grid);          /* may be nullptr */
    char cells[TEXT_GRID_ROWS_MAX][TEXT_GRID_COLUMNS_MAX]; /* what the device shows, or will */
};

/* A hidden grid of blanks, whose console is "screen"; `draw` and `cursor_moved` are still the
 * device's to set. Sizes are cut to what is possible, at least 1 by 1. */
void text_grid_init(struct text_grid *grid, unsigned columns, unsigned rows, unsigned scroll_rows);

/* Stops drawing: the device is about to lose its mapping. */
void text_grid_hide(struct text_grid *grid);

/* Draws again; all cells at once where any has changed meanwhile. */
void text_grid_show(struct text_grid *grid);

END_C_DECLS
