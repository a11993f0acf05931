#include "drivers/text_grid.h"

constexpr unsigned TAB_WIDTH = 8;
constexpr char ESCAPE = 27;

static bool is_same(struct text_cell one, struct text_cell other) {
    return one.character == other.character && one.attribute == other.attribute;
}

void text_grid_set(struct text_grid *grid, unsigned row, unsigned column, struct text_cell cell) {
    if (row >= grid->rows || column >= grid->columns) {
        return;
    }
    struct text_cell *at = &grid->cells[row][column];
    if (is_same(*at, cell)) {
        return;
    }
    *at = cell;
    grid->has_changed[row] = true;
}

void text_grid_fill(struct text_grid *grid, struct text_area area, struct text_cell cell) {
    for (unsigned row = area.top; row < area.bottom && row < grid->rows; row++) {
        for (unsigned column = area.left; column < area.right && column < grid->columns; column++) {
            text_grid_set(grid, row, column, cell);
        }
    }
}

/* What the area shows at a place; blank outside of it. */
static struct text_cell cell_in(const struct text_grid *grid, struct text_area area, unsigned row,
                                unsigned column, struct text_cell blank) {
    bool is_inside = row >= area.top && row < area.bottom && row < grid->rows &&
                     column >= area.left && column < area.right && column < grid->columns;
    return is_inside ? grid->cells[row][column] : blank;
}

/* Places wrap below the first row or column, to where no cell is. */
void text_grid_move_up(struct text_grid *grid, struct text_area area, unsigned rows,
                       struct text_cell blank) {
    unsigned distance = rows < grid->rows ? rows : grid->rows;
    for (unsigned row = area.top; row < area.bottom && row < grid->rows; row++) {
        for (unsigned column = area.left; column < area.right; column++) {
            text_grid_set(grid, row, column, cell_in(grid, area, row + distance, column, blank));
        }
    }
}

void text_grid_move_down(struct text_grid *grid, struct text_area area, unsigned rows,
                         struct text_cell blank) {
    unsigned bottom = area.bottom < grid->rows ? area.bottom : grid->rows;
    for (unsigned row = bottom; row-- > area.top;) {
        for (unsigned column = area.left; column < area.right; column++) {
            text_grid_set(grid, row, column, cell_in(grid, area, row - rows, column, blank));
        }
    }
}

void text_grid_move_left(struct text_grid *grid, struct text_area area, unsigned columns,
                         struct text_cell blank) {
    unsigned distance = columns < grid->columns ? columns : grid->columns;
    for (unsigned row = area.top; row < area.bottom && row < grid->rows; row++) {
        for (unsigned column = area.left; column < area.right && column < grid->columns; column++) {
            text_grid_set(grid, row, column, cell_in(grid, area, row, column + distance, blank));
        }
    }
}

void text_grid_move_right(struct text_grid *grid, struct text_area area, unsigned columns,
                          struct text_cell blank) {
    unsigned right = area.right < grid->columns ? area.right : grid->columns;
    for (unsigned row = area.top; row < area.bottom && row < grid->rows; row++) {
        for (unsigned column = right; column-- > area.left;) {
            text_grid_set(grid, row, column, cell_in(grid, area, row, column - columns, blank));
        }
    }
}

static void draw_row(struct text_grid *grid, unsigned row) {
    grid->has_changed[row] = false;
    for (unsigned column = 0; column < grid->columns; column++) {
        struct text_cell cell = grid->cells[row][column];
        if (!is_same(cell, grid->shown[row][column])) {
            grid->shown[row][column] = cell;
            grid->draw(grid, row, column, cell);
        }
    }
}

bool text_grid_draw_row(struct text_grid *grid) {
    unsigned row = 0;
    while (row < grid->rows && !grid->has_changed[row]) {
        row++;
    }
    if (grid->is_hidden || row == grid->rows) {
        return false;
    }
    draw_row(grid, row);
    return true;
}

void text_grid_show_cursor(struct text_grid *grid) {
    for (unsigned row = 0; !grid->is_hidden && row < grid->rows; row++) {
        if (grid->has_changed[row]) {
            draw_row(grid, row);
        }
    }
    if (!grid->is_hidden && grid->cursor_moved != nullptr) {
        grid->cursor_moved(grid);
    }
}

static void scroll(struct text_grid *grid) {
    const struct text_area all = {.bottom = grid->rows, .right = grid->columns};
    text_grid_move_up(grid, all, grid->scroll_rows, TEXT_BLANK);
    grid->row -= grid->scroll_rows;
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
    const struct text_cell cell = {(uint8_t)character, TEXT_ATTRIBUTE_USUAL};
    text_grid_set(grid, grid->row, grid->column, cell);
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
    text_grid_show_cursor(grid);
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
    grid->cursor = TEXT_CURSOR_USUAL;
    for (unsigned row = 0; row < TEXT_GRID_ROWS_MAX; row++) {
        for (unsigned column = 0; column < TEXT_GRID_COLUMNS_MAX; column++) {
            grid->cells[row][column] = grid->shown[row][column] = TEXT_BLANK;
        }
        grid->has_changed[row] = false;
    }
}

void text_grid_hide(struct text_grid *grid) {
    grid->is_hidden = true;
}

static void draw_all(struct text_grid *grid) {
    for (unsigned row = 0; row < grid->rows; row++) {
        grid->has_changed[row] = false;
        for (unsigned column = 0; column < grid->columns; column++) {
            struct text_cell cell = grid->cells[row][column];
            grid->shown[row][column] = cell;
            grid->draw(grid, row, column, cell);
        }
    }
}

void text_grid_show(struct text_grid *grid) {
    grid->is_hidden = false;
    if (grid->is_stale) {
        grid->is_stale = false;
        draw_all(grid);
    }
    text_grid_show_cursor(grid);
}
