#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/* What programs write to files of /proc. */

BEGIN_C_DECLS

/*
 * A whole number with blanks around it, as echo writes one: decimal, or in C's notation 0x.. or 0..
 * Errors: STATUS_INVALID, it is none or not in [least, most]; STATUS_OUT_OF_RANGE, no int64_t holds
 * it.
 */
enum status parse_number(UNTRUSTED const char *text, size_t length, int64_t least, int64_t most,
                         int64_t *number);

/* The text up to its first line feed or zero byte, cut to size_bytes - 1 and terminated. */
void parse_line(UNTRUSTED const char *text, size_t length, char *line, size_t size_bytes);

/* A name that is a number: decimal, no zero in front, below 2^32 - 1. */
[[nodiscard]] bool parse_name(UNTRUSTED const char *text, size_t length, uint32_t *number);

END_C_DECLS
