#pragma once

#include <stddef.h>
#include <stdint.h>

/* Copies a structure that programs may know in a longer or a shorter version: what the kernel does
 * not know must be 0. Errors: STATUS_FAULT; STATUS_TOO_LONG, it is not. */
int64_t copy_in_versioned(void *to, size_t known_bytes, uint64_t address, uint64_t size_bytes);
