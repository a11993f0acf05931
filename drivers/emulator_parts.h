#pragma once

#include "drivers/terminal_emulator.h"

/* What the parts of the terminal emulator share. */

/* Sets the look by the parameters of a control sequence; and the attribute of a cell that has it.
 */
void emulator_select_look(struct terminal_emulator *emulator);
uint8_t emulator_attribute(const struct emulator_look *look);
struct emulator_look emulator_usual_look(void);

/* A blank in the colours that are selected. */
struct text_cell emulator_blank(const struct terminal_emulator *emulator);

/* What a control sequence does, by its last byte. */
void emulator_control(struct terminal_emulator *emulator, uint8_t last);

/* Moves the cursor, which stays in the grid. */
void emulator_go(struct terminal_emulator *emulator, unsigned row, unsigned column);

/* A row down or up, where the rows that scroll end by scrolling. */
void emulator_line_feed(struct terminal_emulator *emulator);
void emulator_reverse_line_feed(struct terminal_emulator *emulator);

void emulator_save(struct terminal_emulator *emulator);
void emulator_restore(struct terminal_emulator *emulator);
void emulator_reset(struct terminal_emulator *emulator);

static inline unsigned emulator_column(const struct terminal_emulator *emulator) {
    const struct text_grid *grid = emulator->grid;
    return grid->column < grid->columns ? grid->column : grid->columns - 1;
}

/* A parameter, or what it is where it is left out or 0. */
static inline unsigned emulator_parameter(const struct terminal_emulator *emulator, unsigned which,
                                          unsigned otherwise) {
    unsigned value = which < emulator->parameter_count ? emulator->parameters[which] : 0;
    return value == 0 ? otherwise : value;
}
