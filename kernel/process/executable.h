#pragma once

#include "kernel/files/file/file.h"
#include "kernel/files/path/path.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* Files that are being executed: nobody may write to them meanwhile (ETXTBSY). */

BEGIN_C_DECLS

/* Opens a regular file that may be executed, which need not be one that may be read; `flags` are
 * OPEN_NO_FOLLOW or 0. Errors: those of path_resolve and file_open_program; STATUS_LINK_LOOP, a
 * link under OPEN_NO_FOLLOW; STATUS_ACCESS_DENIED; STATUS_TEXT_BUSY, somebody may write to it.
 * After an error `*file` is as it was. */
enum status executable_open(const struct path_view *view, TRUSTED const char *path, uint32_t flags,
                            struct file **file);
enum status executable_open_place(const struct path_view *view, const struct location *place,
                                  struct file **file);

/* Whether the caller may read what it executes. */
bool executable_is_readable(const struct path_view *view, const struct file *file);

/* One more that executes it, and one less; null is ignored. */
void executable_ref(struct file *file);
void executable_unref(struct file *file);

END_C_DECLS
