#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"

BEGIN_C_DECLS

/* The commands of man 2 fcntl that are about locks: F_GETLK, F_SETLK, F_SETLKW and the same of open
 * file descriptions. False: the command is another one. */
bool fcntl_is_lock(uint32_t command);
int64_t fcntl_lock(struct file *file, uint64_t descriptor, uint32_t command, uint64_t address);

END_C_DECLS
