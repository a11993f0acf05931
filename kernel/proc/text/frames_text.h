#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"

/* /proc/frames: runs of physical pages with the same state, one line each (docs/proc.md). */

BEGIN_C_DECLS

/* Joins neighbours; frame_run_end writes the last run. */
struct frame_run {
    const char *state; /* null: there is none yet; compared by address */
    uint64_t first, count;
};

void frame_run_add(const struct text_sink *to, struct frame_run *run, uint64_t page,
                   uint64_t page_count, const char *state);
void frame_run_end(const struct text_sink *to, struct frame_run *run);

END_C_DECLS
