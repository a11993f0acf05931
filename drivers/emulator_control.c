#include "drivers/emulator_parts.h"
#include "lib/format.h"
#include "lib/memory.h"

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

void emulator_go(struct terminal_emulator *emulator, unsigned row, unsigned column) {
    struct text_grid *grid = emulator->grid;
    grid->row = least(row, grid->rows - 1);
    grid->column = least(column, grid->columns - 1);
}

static struct text_area scrolling(const struct terminal_emulator *emulator) {
    return (struct text_area){
        .top = emulator->top,
        .bottom = emulator->bottom,
        .right = emulator->grid->columns,
    };
}

/* From the cursor to the end of its row. */
static struct text_area rest_of_row(const struct terminal_emulator *emulator) {
    const struct text_grid *grid = emulator->grid;
    return (struct text_area){
        .top = grid->row,
        .left = emulator_column(emulator),
        .bottom = grid->row + 1,
        .right = grid->columns,
    };
}

void emulator_line_feed(struct terminal_emulator *emulator) {
    struct text_grid *grid = emulator->grid;
    if (grid->row + 1 == emulator->bottom) {
        text_grid_move_up(grid, scrolling(emulator), 1, emulator_blank(emulator));
    } else if (grid->row + 1 < grid->rows) {
        grid->row++;
    }
}

void emulator_reverse_line_feed(struct terminal_emulator *emulator) {
    struct text_grid *grid = emulator->grid;
    if (grid->row == emulator->top) {
        text_grid_move_down(grid, scrolling(emulator), 1, emulator_blank(emulator));
    } else if (grid->row > 0) {
        grid->row--;
    }
}

void emulator_save(struct terminal_emulator *emulator) {
    struct emulator_place *saved = &emulator->saved;
    saved->row = emulator->grid->row;
    saved->column = emulator_column(emulator);
    saved->look = emulator->look;
    memcpy(saved->has_graphics, emulator->has_graphics, sizeof(saved->has_graphics));
    saved->charset = emulator->charset;
    saved->is_relative = emulator->is_relative;
}

void emulator_restore(struct terminal_emulator *emulator) {
    const struct emulator_place *saved = &emulator->saved;
    emulator->look = saved->look;
    memcpy(emulator->has_graphics, saved->has_graphics, sizeof(saved->has_graphics));
    emulator->charset = saved->charset;
    emulator->is_relative = saved->is_relative;
    emulator_go(emulator, saved->row, saved->column);
}

/* Where rows count from the first that scrolls, the cursor keeps to those that do. */
static unsigned first_row(const struct terminal_emulator *emulator) {
    return emulator->is_relative ? emulator->top : 0;
}

static unsigned last_row(const struct terminal_emulator *emulator) {
    return (emulator->is_relative ? emulator->bottom : emulator->grid->rows) - 1;
}

/* Rows and columns that programs name begin with 1. */
static void go_to(struct terminal_emulator *emulator, unsigned row, unsigned column) {
    unsigned wanted = first_row(emulator) + row - 1;
    emulator_go(emulator, least(wanted, last_row(emulator)), column - 1);
}

static void go_up(struct terminal_emulator *emulator, unsigned rows, unsigned column) {
    unsigned row = emulator->grid->row;
    unsigned first = least(first_row(emulator), row);
    emulator_go(emulator, row - least(rows, row - first), column);
}

static void go_down(struct terminal_emulator *emulator, unsigned rows, unsigned column) {
    emulator_go(emulator, least(emulator->grid->row + rows, last_row(emulator)), column);
}

static void erase_in_row(struct terminal_emulator *emulator) {
    struct text_area area = rest_of_row(emulator);
    switch (emulator_parameter(emulator, 0, 0)) {
    case 0:
        break;
    case 1:
        area.right = area.left + 1;
        area.left = 0;
        break;
    case 2:
        area.left = 0;
        break;
    default:
        return;
    }
    text_grid_fill(emulator->grid, area, emulator_blank(emulator));
}

static void erase_in_screen(struct terminal_emulator *emulator) {
    struct text_grid *grid = emulator->grid;
    struct text_area area = {.bottom = grid->rows, .right = grid->columns};
    switch (emulator_parameter(emulator, 0, 0)) {
    case 0:
        erase_in_row(emulator);
        area.top = grid->row + 1;
        break;
    case 1:
        erase_in_row(emulator);
        area.bottom = grid->row;
        break;
    case 2:
    case 3: /* and what has scrolled away, which nobody keeps */
        break;
    default:
        return;
    }
    text_grid_fill(grid, area, emulator_blank(emulator));
}

/* As on Linux, above the rows that scroll too; below them there is nothing to move. */
static struct text_area from_row_on(const struct terminal_emulator *emulator) {
    struct text_area area = scrolling(emulator);
    area.top = emulator->grid->row;
    return area;
}

static void erase_characters(struct terminal_emulator *emulator, unsigned count) {
    struct text_area area = rest_of_row(emulator);
    area.right = least(area.right, area.left + count);
    text_grid_fill(emulator->grid, area, emulator_blank(emulator));
}

static void set_scrolling(struct terminal_emulator *emulator) {
    unsigned top = emulator_parameter(emulator, 0, 1) - 1;
    unsigned bottom = emulator_parameter(emulator, 1, emulator->grid->rows);
    if (top + 1 < bottom && bottom <= emulator->grid->rows) {
        emulator->top = top;
        emulator->bottom = bottom;
        go_to(emulator, 1, 1);
    }
}

static void set_private_mode(struct terminal_emulator *emulator, unsigned mode, bool is_set) {
    switch (mode) {
    case 1:
        emulator->has_cursor_keys = is_set;
        break;
    case 6:
        emulator->is_relative = is_set;
        go_to(emulator, 1, 1);
        break;
    case 7:
        emulator->wraps = is_set;
        break;
    case 25:
        emulator->grid->cursor = is_set ? TEXT_CURSOR_SHOWN : TEXT_CURSOR_HIDDEN;
        break;
    default:
        break;
    }
}

static void set_mode(struct terminal_emulator *emulator, unsigned mode, bool is_set) {
    if (emulator->prefix == '?') {
        set_private_mode(emulator, mode, is_set);
    } else if (mode == 4) {
        emulator->inserts = is_set;
    } else if (mode == 20) {
        emulator->has_line_feeds = is_set;
    }
}

static void set_modes(struct terminal_emulator *emulator, bool is_set) {
    for (unsigned i = 0; i < emulator->parameter_count; i++) {
        set_mode(emulator, emulator->parameters[i], is_set);
    }
}

static void reply(struct terminal_emulator *emulator, const char *text) {
    emulator->reply_length = strlen(text);
    memcpy(emulator->reply, text, emulator->reply_length);
}

static void report(struct terminal_emulator *emulator) {
    unsigned what = emulator_parameter(emulator, 0, 0);
    unsigned first = first_row(emulator);
    if (what == 5) {
        reply(emulator, "\033[0n");
    } else if (what == 6) {
        char text[EMULATOR_REPLY_SIZE];
        unsigned row = emulator->grid->row;
        format_buffer(text, sizeof(text), "\033[%u;%uR", row - least(first, row) + 1,
                      emulator_column(emulator) + 1);
        reply(emulator, text);
    }
}

static void move(struct terminal_emulator *emulator, uint8_t last) {
    unsigned count = emulator_parameter(emulator, 0, 1);
    unsigned column = emulator_column(emulator);
    switch (last) {
    case 'A':
        go_up(emulator, count, column);
        break;
    case 'B':
    case 'e':
        go_down(emulator, count, column);
        break;
    case 'C':
    case 'a':
        emulator_go(emulator, emulator->grid->row, column + count);
        break;
    case 'D':
        emulator_go(emulator, emulator->grid->row, column - least(count, column));
        break;
    case 'E':
        go_down(emulator, count, 0);
        break;
    case 'F':
        go_up(emulator, count, 0);
        break;
    case 'G':
    case '`':
        emulator_go(emulator, emulator->grid->row, count - 1);
        break;
    case 'H':
    case 'f':
        go_to(emulator, count, emulator_parameter(emulator, 1, 1));
        break;
    case 'd':
        go_to(emulator, count, column + 1);
        break;
    }
}

static void change_cells(struct terminal_emulator *emulator, uint8_t last) {
    unsigned count = emulator_parameter(emulator, 0, 1);
    struct text_cell blank = emulator_blank(emulator);
    switch (last) {
    case '@':
        text_grid_move_right(emulator->grid, rest_of_row(emulator), count, blank);
        break;
    case 'J':
        erase_in_screen(emulator);
        break;
    case 'K':
        erase_in_row(emulator);
        break;
    case 'L':
        text_grid_move_down(emulator->grid, from_row_on(emulator), count, blank);
        break;
    case 'M':
        text_grid_move_up(emulator->grid, from_row_on(emulator), count, blank);
        break;
    case 'P':
        text_grid_move_left(emulator->grid, rest_of_row(emulator), count, blank);
        break;
    case 'S':
        text_grid_move_up(emulator->grid, scrolling(emulator), count, blank);
        break;
    case 'T':
        text_grid_move_down(emulator->grid, scrolling(emulator), count, blank);
        break;
    case 'X':
        erase_characters(emulator, count);
        break;
    }
}

static void change_state(struct terminal_emulator *emulator, uint8_t last) {
    switch (last) {
    case 'c':
        reply(emulator, "\033[?6c");
        break;
    case 'm':
        emulator_select_look(emulator);
        break;
    case 'n':
        report(emulator);
        break;
    case 'r':
        set_scrolling(emulator);
        break;
    case 's':
        emulator_save(emulator);
        break;
    case 'u':
        emulator_restore(emulator);
        break;
    }
}

static bool changes_cells(uint8_t last) {
    static const char all[] = "@JKLMPSTX";
    for (size_t i = 0; i < sizeof(all) - 1; i++) {
        if ((uint8_t)all[i] == last) {
            return true;
        }
    }
    return false;
}

/* Where cells change, what follows a full row no longer wraps. */
void emulator_control(struct terminal_emulator *emulator, uint8_t last) {
    if (last == 'h' || last == 'l') {
        set_modes(emulator, last == 'h');
    } else if (emulator->prefix != 0) {
        return;
    } else if (changes_cells(last)) {
        emulator->grid->column = emulator_column(emulator);
        change_cells(emulator, last);
    } else {
        move(emulator, last);
        change_state(emulator, last);
    }
}
