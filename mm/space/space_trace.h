#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/trace_ring.h"

/*
 * What has happened to spaces lately (S94): cheap enough to stay on, printed by fault reports. The
 * words of a record are the root of the space, where the change begins, and its number of pages.
 */

BEGIN_C_DECLS

enum space_event : uint64_t {
    SPACE_CREATED = 1,
    SPACE_DESTROYED,
    SPACE_SWITCHED, /* only with TRACE_DETAILS */
    SPACE_MAPPED,
    SPACE_UNMAPPED,
    SPACE_PROTECTED,
};

/* The ring of all spaces; at TRACE_CHANGES after boot. */
struct trace_ring *space_trace(void);

/* The last `count` records (at most 32), a line each. */
void space_trace_print(size_t count, const struct text_sink *sink);

END_C_DECLS
