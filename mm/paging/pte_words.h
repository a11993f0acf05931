#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "mm/paging/pte.h"

BEGIN_C_DECLS

/* What an entry says, for people: "present, writable, user, accessed, 4 KiB leaf". Fits 96 bytes;
 * cut off where `size_bytes` is less. */
void pte_words(pte_t pte, unsigned level, char *words, size_t size_bytes);

END_C_DECLS
