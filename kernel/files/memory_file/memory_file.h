#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Regular files that are in memory and in no directory (man 2 memfd_create). */

BEGIN_C_DECLS

constexpr size_t MEMORY_FILE_NAME_MAX = 249;

/* What a file is to be. */
struct memory_file_request {
    const char *name;     /* that /proc shows, at most MEMORY_FILE_NAME_MAX long */
    uint32_t permissions; /* of what it has no path to be opened by, but for /proc */
    uint32_t seals;
    uint32_t user, group;
    uint32_t flags; /* of man 2 open, for F_GETFL */
};

/* An empty one, open for reading and writing. Errors: STATUS_NO_MEMORY. */
enum status memory_file_create(const struct memory_file_request *request, struct file **file);

/* Ends the system of such files, unless one is open; the next one makes it anew. */
void memory_files_end(void);

END_C_DECLS
