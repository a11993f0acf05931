#pragma once

#include "lib/decls.h"
#include "lib/format.h"
#include "mm/paging/page_table.h"

/* /proc/PID/ptwalk: how the tables translate an address (docs/proc.md). */

BEGIN_C_DECLS

/* Two lines for each level, from the root down, and one more where the walk does not end in a page.
 */
void walk_write(const struct text_sink *to, const struct page_walk *walk);

END_C_DECLS
