#pragma once

#include <stddef.h>

/*
 * The memory and string functions of ISO C that the rooms use and that compilers call by
 * themselves. On the host they are libc's; in the kernel //lib:freestanding supplies them.
 */
#if __STDC_HOSTED__

#include <string.h> // IWYU pragma: export

#else

#include "lib/decls.h"

BEGIN_C_DECLS

void *memcpy(void *restrict to, const void *restrict from, size_t size_bytes);
void *memmove(void *to, const void *from, size_t size_bytes);
void *memset(void *to, int byte, size_t size_bytes);
int memcmp(const void *a, const void *b, size_t size_bytes);
size_t strlen(const char *text);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t size_bytes);

END_C_DECLS

#endif
