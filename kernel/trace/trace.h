#pragma once

#include "kernel/command_line/command_line.h"
#include "lib/decls.h"
#include "lib/trace_ring.h"
#include "mm/paging/table_event.h"

BEGIN_C_DECLS

/* Remembers an operation on page tables, and writes it down where that is wanted: platform_trace of
 * mm/platform.h. */
void trace_table_event(const struct table_event *event);

/* What the kernel remembers, for history_find and history_newest. */
const struct trace_ring *trace_ring_of_tables(void);

/* Writes down everything from here on. Called before the first table is made. A device that is not
 * there is said in the log, and nothing is written. */
void trace_begin(enum trace_device device);

/* Ends the recording with the hash of each table. In a thread; nothing is written any more. */
void trace_end(void);

END_C_DECLS
