#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

/*
 * Names for code addresses. The table is made from the linked kernel by symbols.py and linked in
 * by a second pass, at the end of the read-only data, so that no code moves.
 */

BEGIN_C_DECLS

/* A function's first byte, as an offset from KERNEL_IMAGE_BASE, and its name's place in the names.
 */
struct symbol {
    uint32_t address_offset;
    uint32_t name_offset;
};

struct symbol_table {
    uint64_t base;
    const struct symbol *symbols; /* ascending */
    size_t count;
    const char *names; /* terminated strings */
    uint64_t end;      /* one more than the last byte of code */
};

/* The table of this kernel; empty in the first pass of the link. */
extern const struct symbol_table kernel_symbols;

/*
 * The name of the function that `address` lies in, and how far into it; nullptr where it lies in
 * none.
 */
const char *symbol_find(const struct symbol_table *table, uint64_t address, uint64_t *offset);

END_C_DECLS
