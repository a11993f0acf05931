#pragma once

#include "kernel/process/exec.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Programs that another one interprets: man 2 execve, "Interpreter scripts". */

BEGIN_C_DECLS

constexpr size_t SCRIPT_LINE_SIZE = 256; /* what is looked at of the file's beginning */

static_assert(sizeof(((struct exec_request *)nullptr)->interpreter) == SCRIPT_LINE_SIZE);

struct script_line {
    char interpreter[SCRIPT_LINE_SIZE]; /* terminated; empty: the file is no script */
    char argument[SCRIPT_LINE_SIZE];    /* terminated; all that follows; empty: none */
};

/* Reads the first line. Errors: STATUS_NOT_EXECUTABLE, it names no interpreter, or is cut off in
 * its name; those of reading. */
enum status script_read_line(struct file *file, struct script_line *line);

/* What is behind "#!" in the first bytes of a file, of which there are `size_bytes`. */
enum status script_parse_line(UNTRUSTED const char *bytes, size_t size_bytes,
                              struct script_line *line);

/* The interpreter's arguments: itself, its argument, the script, and the script's. Errors:
 * STATUS_TOO_LONG; STATUS_NO_MEMORY; nothing has changed. */
enum status script_rewrite(struct exec_request *request, const struct script_line *line);

END_C_DECLS
