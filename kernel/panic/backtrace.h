#pragma once

#include <stdint.h>

#include "lib/format.h"

/*
 * Writes the functions that were being called when code at `instruction` ran with the frame pointer
 * `frame_pointer`, innermost first. Reads nothing that is not mapped, and ends with whatever does
 * not look like a frame.
 */
void backtrace_write(uint64_t instruction, uint64_t frame_pointer, const struct text_sink *sink);
