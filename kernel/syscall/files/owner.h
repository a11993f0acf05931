#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/* man 2 fcntl, F_SETOWN and its company: who would be told of what can be read, and how. Nobody is
 * ever told, since no file has O_ASYNC. Each returns a result or a negated errno. */

BEGIN_C_DECLS

int64_t fcntl_set_owner(struct file *file, int32_t number);
int64_t fcntl_get_owner(const struct file *file);

/* struct f_owner_ex, at an address. */
int64_t fcntl_set_owner_of_kind(struct file *file, uint64_t address);
int64_t fcntl_get_owner_of_kind(const struct file *file, uint64_t address);

int64_t fcntl_set_signal(struct file *file, uint64_t signal);
int64_t fcntl_get_signal(const struct file *file);

END_C_DECLS
