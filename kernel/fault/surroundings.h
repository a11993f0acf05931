#pragma once

#include "kernel/fault/fault.h"

/* Parts of a report: what lies around the address and what is expected at it; how it came to be
 * so. */
void fault_explain_surroundings(const struct fault_facts *facts, const struct text_sink *sink);
void fault_explain_history(const struct fault_facts *facts, const struct text_sink *sink);

/* Whether it ends at an entry with a reserved bit now; somebody may have repaired it since the
 * fault. */
bool fault_walk_is_corrupt(const struct page_walk *walk);
