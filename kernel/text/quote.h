#pragma once

#include <stddef.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/untrusted.h"

BEGIN_C_DECLS

/* Writes untrusted bytes to `sink` between single quotes, what is not printable ASCII as \xHH, and
 * at most QUOTE_LENGTH_MAX of them, so that no file name can move the cursor or flood a log. */
constexpr size_t QUOTE_LENGTH_MAX = 64;

void quote_to(const struct text_sink *sink, UNTRUSTED const char *bytes, size_t length);

END_C_DECLS
