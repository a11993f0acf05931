#include "drivers/terminal_emulator.h"

#include "drivers/code_page.h"
#include "drivers/emulator_parts.h"

constexpr unsigned TAB_WIDTH = 8;
constexpr unsigned PARAMETER_MAX = 9999;
constexpr uint32_t NO_CHARACTER = 0xfffd;
constexpr uint32_t CHARACTER_MAX = 0x10ffff;

constexpr uint8_t BELL = 7;
constexpr uint8_t SHIFT_OUT = 14;
constexpr uint8_t SHIFT_IN = 15;
constexpr uint8_t CANCEL = 24;
constexpr uint8_t SUBSTITUTE = 26;
constexpr uint8_t ESCAPE = 27;
constexpr uint8_t DELETE = 127;

void emulator_reset(struct terminal_emulator *emulator) {
    struct text_grid *grid = emulator->grid;
    *emulator = (struct terminal_emulator){
        .grid = grid,
        .look = emulator_usual_look(),
        .saved = {.look = emulator_usual_look()},
        .bottom = grid->rows,
        .wraps = true,
    };
}

void terminal_emulator_init(struct terminal_emulator *emulator, struct text_grid *grid) {
    emulator->grid = grid;
    emulator_reset(emulator);
}

static void put_cell(struct terminal_emulator *emulator, uint8_t shown) {
    struct text_grid *grid = emulator->grid;
    if (grid->column == grid->columns && emulator->wraps) {
        grid->column = 0;
        emulator_line_feed(emulator);
    }
    const unsigned column = emulator_column(emulator);
    if (emulator->inserts) {
        const struct text_area rest = {grid->row, column, grid->row + 1, grid->columns};
        text_grid_move_right(grid, rest, 1, emulator_blank(emulator));
    }
    const struct text_cell cell = {shown, emulator_attribute(&emulator->look)};
    text_grid_set(grid, grid->row, column, cell);
    grid->column = column + 1;
}

static void put_character(struct terminal_emulator *emulator, uint32_t character) {
    unsigned width = code_page_width(character);
    if (width == 0) {
        return;
    }
    bool is_graphic = emulator->has_graphics[emulator->charset] && character < DELETE;
    put_cell(emulator,
             is_graphic ? code_page_graphic((uint8_t)character) : code_page_find(character));
    if (width == 2) {
        put_cell(emulator, ' ');
    }
}

/* RFC 3629; what is no UTF-8 is one unknown character. */
static void put_utf8(struct terminal_emulator *emulator, uint8_t byte) {
    bool is_continuation = (byte & 0xc0) == 0x80;
    if (is_continuation && emulator->continuation_left > 0) {
        emulator->character = emulator->character << 6 | (byte & 0x3f);
        if (--emulator->continuation_left == 0) {
            bool is_one = emulator->character <= CHARACTER_MAX;
            put_character(emulator, is_one ? emulator->character : NO_CHARACTER);
        }
        return;
    }
    if (emulator->continuation_left > 0) {
        emulator->continuation_left = 0;
        put_character(emulator, NO_CHARACTER);
    }
    if (byte < 0x80) {
        put_character(emulator, byte);
    } else if (byte < 0xc2 || byte > 0xf4) {
        put_character(emulator, NO_CHARACTER);
    } else {
        emulator->continuation_left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
        emulator->character = byte & (0x3f >> emulator->continuation_left);
    }
}

static void put_tab(struct terminal_emulator *emulator) {
    const unsigned column = emulator_column(emulator);
    emulator_go(emulator, emulator->grid->row, (column / TAB_WIDTH + 1) * TAB_WIDTH);
}

/* Control characters act in the middle of a sequence too. */
static void act_on_control(struct terminal_emulator *emulator, uint8_t byte) {
    struct text_grid *grid = emulator->grid;
    const unsigned column = emulator_column(emulator);
    switch (byte) {
    case '\b':
        grid->column = column - (column > 0);
        break;
    case '\t':
        put_tab(emulator);
        break;
    case '\n':
    case '\v':
    case '\f':
        grid->column = emulator->has_line_feeds ? 0 : column;
        emulator_line_feed(emulator);
        break;
    case '\r':
        grid->column = 0;
        break;
    case SHIFT_OUT:
    case SHIFT_IN:
        emulator->charset = byte == SHIFT_OUT;
        break;
    case CANCEL:
    case SUBSTITUTE:
        emulator->state = EMULATOR_TEXT;
        break;
    case ESCAPE:
        emulator->state = EMULATOR_ESCAPE;
        break;
    default: /* the bell is silent */
        break;
    }
}

static void begin_control(struct terminal_emulator *emulator) {
    emulator->state = EMULATOR_CONTROL;
    emulator->prefix = 0;
    emulator->is_unknown = false;
    emulator->parameter_count = 0;
}

static void clear(struct terminal_emulator *emulator) {
    struct text_grid *grid = emulator->grid;
    const struct text_area all = {.bottom = grid->rows, .right = grid->columns};
    emulator_reset(emulator);
    text_grid_fill(grid, all, emulator_blank(emulator));
    grid->row = 0;
    grid->column = 0;
    grid->cursor = TEXT_CURSOR_SHOWN;
}

/* What ESC and one byte do. */
static void escape(struct terminal_emulator *emulator, uint8_t byte) {
    switch (byte) {
    case '7':
        emulator_save(emulator);
        break;
    case '8':
        emulator_restore(emulator);
        break;
    case 'D':
        emulator_line_feed(emulator);
        break;
    case 'E':
        emulator->grid->column = 0;
        emulator_line_feed(emulator);
        break;
    case 'M':
        emulator_reverse_line_feed(emulator);
        break;
    case 'Z':
        emulator->parameter_count = 0;
        emulator->prefix = 0;
        emulator_control(emulator, 'c');
        break;
    case 'c':
        clear(emulator);
        break;
    default:
        break;
    }
}

/* ESC and a byte that more belongs to; else what it does. */
static void begin_sequence(struct terminal_emulator *emulator, uint8_t byte) {
    emulator->state = EMULATOR_TEXT;
    switch (byte) {
    case '[':
        begin_control(emulator);
        break;
    case '(':
    case ')':
        emulator->state = EMULATOR_CHARSET;
        emulator->charset_selected = byte == ')';
        break;
    case '#':
        emulator->state = EMULATOR_HASH;
        break;
    case '%':
    case ' ':
    case '*':
    case '+':
        emulator->state = EMULATOR_SKIP;
        break;
    case ']':
    case 'P':
    case 'X':
    case '^':
    case '_':
        emulator->state = EMULATOR_STRING;
        break;
    default:
        escape(emulator, byte);
    }
}

static void add_digit(struct terminal_emulator *emulator, unsigned digit) {
    if (emulator->parameter_count == 0) {
        emulator->parameters[emulator->parameter_count++] = 0;
    }
    unsigned *value = &emulator->parameters[emulator->parameter_count - 1];
    *value = *value * 10 + digit;
    *value = *value < PARAMETER_MAX ? *value : PARAMETER_MAX;
}

/* One that was left out is 0; more than there is room for are not known. */
static void add_parameter(struct terminal_emulator *emulator) {
    if (emulator->parameter_count == 0) {
        emulator->parameters[emulator->parameter_count++] = 0;
    }
    if (emulator->parameter_count == EMULATOR_PARAMETERS_MAX) {
        emulator->is_unknown = true;
        return;
    }
    emulator->parameters[emulator->parameter_count++] = 0;
}

static void read_control(struct terminal_emulator *emulator, uint8_t byte) {
    if (byte >= '0' && byte <= '9') {
        add_digit(emulator, byte - '0');
    } else if (byte == ';' || byte == ':') {
        add_parameter(emulator);
    } else if (byte >= '<' && byte <= '?') {
        emulator->prefix = byte;
    } else if (byte < '@') {
        emulator->is_unknown = true;
    } else {
        emulator->state = EMULATOR_TEXT;
        if (!emulator->is_unknown && byte < DELETE) {
            emulator_control(emulator, byte);
        }
    }
}

/* DECALN: a screen of E, to adjust a tube by. */
static void fill_with_e(struct terminal_emulator *emulator) {
    struct text_grid *grid = emulator->grid;
    const struct text_area all = {.bottom = grid->rows, .right = grid->columns};
    text_grid_fill(grid, all, (struct text_cell){'E', TEXT_ATTRIBUTE_USUAL});
}

/* Ends with BEL, or with ESC \ . */
static void skip_string(struct terminal_emulator *emulator, uint8_t byte) {
    if (byte == BELL || byte == CANCEL || byte == SUBSTITUTE) {
        emulator->state = EMULATOR_TEXT;
    } else if (byte == ESCAPE) {
        emulator->state = EMULATOR_STRING_ESCAPE;
    }
}

static void continue_sequence(struct terminal_emulator *emulator, uint8_t byte) {
    switch (emulator->state) {
    case EMULATOR_TEXT:
    case EMULATOR_STRING:
        break;
    case EMULATOR_ESCAPE:
        begin_sequence(emulator, byte);
        break;
    case EMULATOR_CONTROL:
        read_control(emulator, byte);
        break;
    case EMULATOR_CHARSET:
        emulator->has_graphics[emulator->charset_selected] = byte == '0';
        emulator->state = EMULATOR_TEXT;
        break;
    case EMULATOR_HASH:
        emulator->state = EMULATOR_TEXT;
        if (byte == '8') {
            fill_with_e(emulator);
        }
        break;
    case EMULATOR_STRING_ESCAPE:
        emulator->state = EMULATOR_TEXT;
        if (byte != '\\') {
            begin_sequence(emulator, byte);
        }
        break;
    case EMULATOR_SKIP:
        emulator->state = EMULATOR_TEXT;
        break;
    }
}

static void put_byte(struct terminal_emulator *emulator, uint8_t byte) {
    if (emulator->state == EMULATOR_STRING) {
        skip_string(emulator, byte);
    } else if (byte < ' ') {
        act_on_control(emulator, byte);
    } else if (emulator->state != EMULATOR_TEXT) {
        continue_sequence(emulator, byte);
    } else if (byte != DELETE) {
        put_utf8(emulator, byte);
    }
}

size_t terminal_emulator_put(struct terminal_emulator *emulator, const char *bytes, size_t length) {
    size_t done = 0;
    emulator->reply_length = 0;
    while (done < length && emulator->reply_length == 0) {
        put_byte(emulator, (uint8_t)bytes[done++]);
    }
    return done;
}

void terminal_emulator_end(struct terminal_emulator *emulator) {
    struct text_grid *grid = emulator->grid;
    if (grid->cursor == TEXT_CURSOR_USUAL) {
        grid->cursor = TEXT_CURSOR_SHOWN;
    }
    text_grid_show_cursor(grid);
}
