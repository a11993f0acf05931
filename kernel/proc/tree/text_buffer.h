#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/format.h"

/* Text that grows as it is written. */

BEGIN_C_DECLS

/* Zeroed is empty. */
struct text_buffer {
    char *bytes; /* owned; of the heap */
    size_t length, capacity_bytes;
    bool is_cut; /* there was no memory for all of it */
};

/* Writes at the end. */
struct text_sink text_buffer_sink(struct text_buffer *buffer);

/* Gives its memory back, and is empty again. */
void text_buffer_clear(struct text_buffer *buffer);

END_C_DECLS
