#pragma once

#include "lib/decls.h"
#include "lib/trace_ring.h"
#include "mm/paging/table_event.h"

BEGIN_C_DECLS

/* Remembers an operation on page tables: platform_trace of mm/platform.h. */
void trace_table_event(const struct table_event *event);

/* What the kernel remembers, for history_find and history_newest. */
const struct trace_ring *trace_ring_of_tables(void);

END_C_DECLS
