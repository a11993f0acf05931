#pragma once

#include <stddef.h>
#include <stdint.h>

#include "drivers/console.h"
#include "lib/decls.h"

BEGIN_C_DECLS

constexpr unsigned TEXT_GRID_COLUMNS_MAX = 256;
constexpr unsigned TEXT_GRID_ROWS_MAX = 128;

/*
 * A terminal's layout without its device: a grid of characters, a cursor, line breaks, and
 * scrolling by several rows at a time (devices are slow). The device draws what it is told, so
 * video memory is never read. Guarded by its caller.
 */
struct text_grid {
    struct console console;
    unsigned columns, rows; /* fixed at creation, 1..MAX */
    unsigned column, row;   /* the cursor; column == columns: the next character wraps first */
    bool is_hidden;         /* nothing is drawn, everything is remembered */
    enum text_escape : uint8_t {
        TEXT_ESCAPE_NONE,
        TEXT_ESCAPE_STARTED, /* ESC was seen */
        TEXT_ESCAPE_CONTROL, /* ESC [ was seen: all up to a letter is skipped */
    } escape;
    void (*draw)(struct text_grid *grid, unsigned row, unsigned column, char character);
    void (*move_cursor)(struct text_grid *grid); /* to grid->row and ->column; may be nullptr */
    char cells[TEXT_GRID_ROWS_MAX][TEXT_GRID_COLUMNS_MAX]; /* what the device shows */
};

/* An empty grid of blanks whose console is "screen". Larger grids than MAX are cut. */
void text_grid_init(struct text_grid *grid, unsigned columns, unsigned rows);

/* Stops drawing: the device is about to lose its mapping. */
void text_grid_hide(struct text_grid *grid);

/* Draws again, everything at first. */
void text_grid_show(struct text_grid *grid);

END_C_DECLS
