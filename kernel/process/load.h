#pragma once

#include "kernel/files/path/path.h"
#include "kernel/process/process.h"
#include "kernel/process/program_rights.h"
#include "kernel/user_stack/user_stack.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"

/* From a program's file to memory that can run it. */

BEGIN_C_DECLS

/* What is to be run. Not owned. */
struct program_image {
    struct file *file; /* held as an executable */
    const char *name;  /* for reports and /proc */
    const char *path;  /* AT_EXECFN */
    struct string_list arguments;
    struct string_list environment;
    struct path_view view; /* for the interpreter's path */
};

struct loaded_program {
    struct process_memory *memory; /* owned */
    virt_addr_t entry, stack_pointer;
    struct program_rights rights; /* that its file gives */
    /* After an error too: the file is a program for this machine, and has the interpreter it needs.
     */
    bool is_recognised;
};

/*
 * Makes memory of its own for the program. Errors, each with a numbered line on `complaints`
 * (docs/messages.md), and nothing is left behind: STATUS_NOT_EXECUTABLE; STATUS_NO_MEMORY;
 * STATUS_TOO_LONG, the arguments do not fit the stack; those of opening the interpreter.
 */
enum status program_load(const struct program_image *image, const struct text_sink *complaints,
                         struct loaded_program *loaded);

END_C_DECLS
