#include "drivers/text_grid.h"

constexpr unsigned TAB_WIDTH = 8;
constexpr char ESCAPE = 27;

static void set_cell(struct text_grid *grid, unsigned row, unsigned column, char character) {
    if (grid->cells[row][column] == character) {
        return;
    }
    grid->cells[row][column] = character;
    if (grid->is_hidden) {
        grid->is_stale = true;
        return;
    }
    grid->draw(grid, row, column, character);
}

static void scroll(struct text_grid *grid) {
    unsigned distance = grid->scroll_rows;
    for (unsigned row = 0; row < grid->rows; row++) {
        for (unsigned column = 0; column < grid->columns; column++) {
            bool is_kept = row + distance < grid->rows;
            set_cell(grid, row, column, is_kept ? grid->cells[row + distance][column] : ' ');
        }
    }
    grid->row -= distance;
}

static void new_line(struct text_grid *grid) {
    grid->column = 0;
    grid->row++;
    if (grid->row == grid->rows) {
        scroll(grid);
    }
}

static void put_character(struct text_grid *grid, char character) {
    if (grid->column == grid->columns) {
        new_line(grid);
    }
    set_cell(grid, grid->row, grid->column, character);
    grid->column++;
}

static void put_tab(struct text_grid *grid) {
    do {
        put_character(grid, ' ');
    } while (grid->column % TAB_WIDTH != 0 && grid->column < grid->columns);
}

/* Bytes past ASCII are UTF-8: one mark for each character, none for its continuation bytes. */
static void put_printable(struct text_grid *grid, char byte) {
    bool is_ascii = byte >= ' ' && byte <= '~';
    bool is_leading = (byte & 0xc0) == 0xc0;
    if (is_ascii || is_leading) {
        put_character(grid, is_ascii ? byte : '?');
    }
}

/* Whether the byte belongs to a control sequence. */
static bool skip_sequence(struct text_grid *grid, char byte) {
    switch (grid->escape) {
    case TEXT_ESCAPE_NONE:
        grid->escape = byte == ESCAPE ? TEXT_ESCAPE_STARTED : TEXT_ESCAPE_NONE;
        return byte == ESCAPE;
    case TEXT_ESCAPE_STARTED:
        grid->escape = byte == '[' ? TEXT_ESCAPE_CONTROL : TEXT_ESCAPE_NONE;
        return true;
    case TEXT_ESCAPE_CONTROL:
        if (byte >= '@' && byte <= '~') {
            grid->escape = TEXT_ESCAPE_NONE;
        }
        return true;
    }
    return false;
}

static void put_byte(struct text_grid *grid, char byte) {
    if (skip_sequence(grid, byte)) {
        return;
    }
    switch (byte) {
    case '\n':
        new_line(grid);
        break;
    case '\r':
        grid->column = 0;
        break;
    case '\b':
        grid->column -= grid->column > 0;
        break;
    case '\t':
        put_tab(grid);
        break;
    default:
        put_printable(grid, byte);
    }
}

static void write_console(struct console *console, const char *text, size_t length) {
    struct text_grid *grid = (struct text_grid *)console;
    for (size_t i = 0; i < length; i++) {
        put_byte(grid, text[i]);
    }
    if (!grid->is_hidden && grid->cursor_moved != nullptr) {
        grid->cursor_moved(grid);
    }
}

static unsigned clamp(unsigned value, unsigned maximum) {
    if (value == 0) {
        return 1;
    }
    return value < maximum ? value : maximum;
}

void text_grid_init(struct text_grid *grid, unsigned columns, unsigned rows, unsigned scroll_rows) {
    grid->console.name = "screen";
    grid->console.write = write_console;
    grid->columns = clamp(columns, TEXT_GRID_COLUMNS_MAX);
    grid->rows = clamp(rows, TEXT_GRID_ROWS_MAX);
    grid->scroll_rows = clamp(scroll_rows, grid->rows);
    grid->column = 0;
    grid->row = 0;
    grid->escape = TEXT_ESCAPE_NONE;
    grid->is_hidden = true;
    grid->is_stale = true;
    grid->draw = nullptr;
    grid->cursor_moved = nullptr;
    __builtin_memset(grid->cells, ' ', sizeof grid->cells);
}

void text_grid_hide(struct text_grid *grid) {
    grid->is_hidden = true;
}

static void draw_all(struct text_grid *grid) {
    for (unsigned row = 0; row < grid->rows; row++) {
        for (unsigned column = 0; column < grid->columns; column++) {
            grid->draw(grid, row, column, grid->cells[row][column]);
        }
    }
}

void text_grid_show(struct text_grid *grid) {
    grid->is_hidden = false;
    if (grid->is_stale) {
        grid->is_stale = false;
        draw_all(grid);
    }
    if (grid->cursor_moved != nullptr) {
        grid->cursor_moved(grid);
    }
}
