#pragma once

#include "kernel/tty/line/line_discipline.h"

/* VERASE, VWERASE and VKILL: each takes back what is typed of the line, and what was echoed. */
void line_erase_character(struct line_discipline *line);
void line_erase_word(struct line_discipline *line);
void line_kill(struct line_discipline *line);
