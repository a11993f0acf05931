#pragma once

#include <stddef.h>

#include "lib/decls.h"

/*
 * Kernel memory that bytes pass through between a process and what must not be held while its
 * memory is touched: a page where more than a little is moved and memory is there, else what lies
 * here, on the caller's stack.
 */

BEGIN_C_DECLS

constexpr size_t PIECE_SIZE_SMALL = 512;

struct piece {
    char *bytes;
    size_t size_bytes;
    char small[PIECE_SIZE_SMALL];
};

/* For size_bytes in all, or more. */
void piece_begin(struct piece *piece, size_t size_bytes);
void piece_end(struct piece *piece);

END_C_DECLS
