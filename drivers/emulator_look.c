#include "drivers/emulator_parts.h"

constexpr uint8_t USUAL_INK = 7;
constexpr uint8_t BRIGHT = 8;
constexpr uint8_t UNDERLINED_INK = 3; /* cyan, as Linux has it: the VGA draws no line in colour */
constexpr uint8_t DIM_INK = 8;
constexpr unsigned CUBE_FIRST = 16;
constexpr unsigned GREY_FIRST = 232;
constexpr unsigned GREY_COUNT = 24;

struct emulator_look emulator_usual_look(void) {
    return (struct emulator_look){.ink = USUAL_INK};
}

uint8_t emulator_attribute(const struct emulator_look *look) {
    uint8_t ink = look->ink;
    if (look->is_underlined) {
        ink = UNDERLINED_INK;
    } else if (look->is_dim) {
        ink = DIM_INK;
    }
    ink |= look->is_bold ? BRIGHT : 0;
    uint8_t attribute = (uint8_t)((look->paper & 7) << 4 | ink);
    if (look->is_inverse) {
        attribute = text_attribute_inverse(attribute);
    }
    return look->is_concealed ? (uint8_t)((attribute & 0x70) | attribute >> 4) : attribute;
}

struct text_cell emulator_blank(const struct terminal_emulator *emulator) {
    return (struct text_cell){' ', (uint8_t)((emulator->look.paper & 7) << 4 | USUAL_INK)};
}

/* ECMA-48 counts red 1, green 2, blue 4; the VGA the other way round. */
static uint8_t vga_colour(unsigned colour) {
    return (uint8_t)((colour & 10) | (colour & 1) << 2 | (colour >> 2 & 1));
}

static uint8_t nearest_colour(unsigned red, unsigned green, unsigned blue) {
    unsigned most = red > green ? red : green;
    most = most > blue ? most : blue;
    constexpr unsigned dark = 64;
    constexpr unsigned light = 192;
    if (most < dark) {
        return 0;
    }
    unsigned half = most / 2;
    unsigned colour = (red > half ? 1 : 0) | (green > half ? 2 : 0) | (blue > half ? 4 : 0);
    return vga_colour(colour) | (most >= light ? BRIGHT : 0);
}

/* Of the 256 colours: the sixteen, a cube of 6 by 6 by 6, and shades of grey. */
static uint8_t indexed_colour(unsigned index) {
    if (index < CUBE_FIRST) {
        return vga_colour(index);
    }
    if (index >= GREY_FIRST) {
        unsigned grey = (index - GREY_FIRST) * 255 / GREY_COUNT;
        return nearest_colour(grey, grey, grey);
    }
    static const uint8_t levels[] = {0, 95, 135, 175, 215, 255}; /* xterm's */
    unsigned place = index - CUBE_FIRST;
    return nearest_colour(levels[place / 36], levels[place / 6 % 6], levels[place % 6]);
}

/* 38 or 48: 5 and an index follow, or 2 and three levels. Returns how many parameters it takes. */
static unsigned select_extended(const struct terminal_emulator *emulator, unsigned at,
                                uint8_t *colour) {
    const unsigned *next = emulator->parameters + at;
    unsigned left = emulator->parameter_count - at;
    if (left >= 3 && next[1] == 5 && next[2] < 256) {
        *colour = indexed_colour(next[2]);
        return 3;
    }
    if (left >= 5 && next[1] == 2) {
        *colour = nearest_colour(next[2], next[3], next[4]);
        return 5;
    }
    return left;
}

static void select_effect(struct emulator_look *look, unsigned effect) {
    switch (effect) {
    case 0:
        *look = emulator_usual_look();
        break;
    case 1:
        look->is_bold = true;
        break;
    case 2:
        look->is_dim = true;
        break;
    case 4:
    case 21:
        look->is_underlined = true;
        break;
    case 7:
        look->is_inverse = true;
        break;
    case 8:
        look->is_concealed = true;
        break;
    case 22:
        look->is_bold = false;
        look->is_dim = false;
        break;
    case 24:
        look->is_underlined = false;
        break;
    case 27:
        look->is_inverse = false;
        break;
    case 28:
        look->is_concealed = false;
        break;
    default: /* blinking and slanting are not shown */
        break;
    }
}

static void select_one(struct emulator_look *look, unsigned what) {
    if (what >= 30 && what <= 37) {
        look->ink = vga_colour(what - 30);
    } else if (what == 39) {
        look->ink = USUAL_INK;
    } else if (what >= 40 && what <= 47) {
        look->paper = vga_colour(what - 40);
    } else if (what == 49) {
        look->paper = 0;
    } else if (what >= 90 && what <= 97) {
        look->ink = vga_colour(what - 90) | BRIGHT;
    } else if (what >= 100 && what <= 107) {
        look->paper = vga_colour(what - 100);
    } else {
        select_effect(look, what);
    }
}

void emulator_select_look(struct terminal_emulator *emulator) {
    if (emulator->parameter_count == 0) {
        select_effect(&emulator->look, 0);
    }
    for (unsigned at = 0; at < emulator->parameter_count;) {
        unsigned what = emulator->parameters[at];
        if (what == 38) {
            at += select_extended(emulator, at, &emulator->look.ink);
        } else if (what == 48) {
            at += select_extended(emulator, at, &emulator->look.paper);
        } else {
            select_one(&emulator->look, what);
            at++;
        }
    }
}
