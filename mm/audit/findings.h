#pragma once

#include <stdint.h>

#include "lib/format.h"

/* What an audit has found so far. */
struct findings {
    const struct text_sink *sink;
    uint64_t count;
};

/* Reports that `invariant` does not hold, in a line that `format` ends. */
void findings_add(struct findings *findings, const char *invariant, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says how many were counted without a line. */
void findings_end(struct findings *findings);
