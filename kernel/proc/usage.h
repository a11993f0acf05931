#pragma once

#include "kernel/proc/text/memory_text.h"
#include "kernel/proc/text/process_text.h"
#include "kernel/process/memory.h"

/* What a process's memory amounts to. Takes time in proportion to its areas and its pages. */

/* Of all of it; where places of the program lie too. */
void usage_of_memory(struct process_memory *memory, struct memory_facts *facts);

/* Of one area, as it was copied. */
void usage_of_area(struct address_space *space, const struct vm_area *area,
                   struct map_usage *usage);
