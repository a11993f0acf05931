#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* The first line of a script: man 2 execve, "Interpreter scripts". */

BEGIN_C_DECLS

constexpr size_t SCRIPT_LINE_SIZE = 256; /* what is looked at of the file's beginning */

struct script_line {
    char interpreter[SCRIPT_LINE_SIZE]; /* terminated; empty: the file is no script */
    char argument[SCRIPT_LINE_SIZE];    /* terminated; all that follows; empty: none */
};

/* What is behind "#!" in the first bytes of a file, of which there are `size_bytes`, fewer than
 * SCRIPT_LINE_SIZE. Errors: STATUS_NOT_EXECUTABLE, it names no interpreter, or is cut off in its
 * name. */
enum status script_parse_line(UNTRUSTED const char *bytes, size_t size_bytes,
                              struct script_line *line);

END_C_DECLS
