#pragma once

#include <stdint.h>

#include "kernel/files/path/path.h"
#include "kernel/process/process.h"
#include "lib/status.h"

/* Paths as system calls have them: text in user memory, meant from a directory. */

constexpr int32_t AT_WORKING_DIRECTORY = -100; /* AT_FDCWD */

/* The current task's view of the file system, and what it holds meanwhile. */
struct call_view {
    struct path_view view;
    struct credentials credentials;
    struct file *directory; /* owned; null: the working directory is the start */
};

/* Relative paths start at the descriptor's place. Errors: STATUS_BAD_DESCRIPTOR. */
enum status call_view_begin(struct call_view *view, int32_t directory);
void call_view_end(struct call_view *view);

/* The text of a path, in the heap: the caller frees it. Errors: STATUS_FAULT;
 * STATUS_NAME_TOO_LONG; STATUS_NO_MEMORY. */
enum status user_path(uint64_t address, char **path);
