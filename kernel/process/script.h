#pragma once

#include "kernel/process/exec.h"
#include "kernel/process/script_line.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Programs that another one interprets: man 2 execve, "Interpreter scripts". */

BEGIN_C_DECLS

static_assert(sizeof(((struct exec_request *)nullptr)->interpreter) == SCRIPT_LINE_SIZE);

/* Reads the first line. Errors: those of script_parse_line and of reading. */
enum status script_read_line(struct file *file, struct script_line *line);

/* The interpreter's arguments: itself, its argument, the script, and the script's. Errors:
 * STATUS_TOO_LONG; STATUS_NO_MEMORY; nothing has changed. */
enum status script_rewrite(struct exec_request *request, const struct script_line *line);

END_C_DECLS
