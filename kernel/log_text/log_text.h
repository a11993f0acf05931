#pragma once

#include <stddef.h>

#include "kernel/log.h"
#include "lib/decls.h"
#include "lib/format.h"

BEGIN_C_DECLS

/* A sink that hands text to the log line by line: a line ends at '\n'. */
struct log_text {
    struct text_sink sink;
    enum log_level level;
    size_t length;
    char line[LOG_LINE_MAX];
};

/* Begins one; returns its sink, which lives as long as `text`. */
const struct text_sink *log_text_begin(struct log_text *text, enum log_level level);

END_C_DECLS
