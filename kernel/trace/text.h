#pragma once

#include "kernel/trace/history.h"
#include "kernel/trace/table_hash.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "mm/paging/table_event.h"
#include "mm/platform.h"

/*
 * A recording of what happens to page tables, as lines of text that tools/replay reads: a word,
 * then KEY=VALUE separated by blanks, numbers in hexadecimal without 0x where they are addresses.
 * docs/trace.md lists them.
 */

BEGIN_C_DECLS

/* "quire-trace 1 ...": what the machine can do, first of all. */
void trace_text_begin(const struct platform_features *features, const struct text_sink *sink);

/* One line for the operation. Before one that changes live entries come lines, "touched", for those
 * that a CPU has used, since those alone can be cached anywhere (G1); before one that unmaps all of
 * a process's half, its "hash". */
void trace_text_event(const struct table_event *event, const struct change_circumstances *now,
                      const struct text_sink *sink);

/* "hash ...": what the table maps now. */
void trace_text_hash(const struct page_table *table, const struct text_sink *sink);

/* "end": nothing was cut off. */
void trace_text_end(const struct text_sink *sink);

END_C_DECLS
