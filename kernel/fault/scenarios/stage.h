#pragma once

#include "kernel/fault/scenarios/scenarios.h"

/* What scenarios are played with: a space of their own, with user code in it. */

struct stage {
    struct address_space *space; /* fixed while a scenario is played */
    const struct text_sink *sink;
    struct scenario_touch touch; /* the last one, and what came of it */
    struct scenario_fault fault;
};

constexpr uint64_t STAGE_DATA = 0x50000000; /* where scenarios put their memory: no table of the
                                       code is on the way, below the root */

void stage_set(struct stage *stage, const struct text_sink *sink);
void stage_clear(struct stage *stage);

/* Anonymous memory in the space, and what may happen to it. Nothing of this may fail. */
void stage_map(struct stage *stage, uint64_t va, uint64_t page_count, uint8_t rights,
               const char *name);
void stage_map_unused(struct stage *stage, uint64_t va, uint64_t page_count, uint8_t rights,
                      const char *name); /* that nobody has touched: no entry stands for it */
void stage_map_stack(struct stage *stage, uint64_t va, uint64_t page_count); /* as large as it may
                                                                                 grow */
void stage_guard(struct stage *stage, uint64_t va, uint64_t page_count, const char *name);
void stage_unmap(struct stage *stage, uint64_t va, uint64_t page_count);
void stage_protect(struct stage *stage, uint64_t va, uint64_t page_count, uint8_t rights);

/* The entry on the walk of `va` at `level`, to damage it; the scenario repairs it. */
uint64_t *stage_entry(struct stage *stage, uint64_t va, unsigned level);

/* An access that must fault. */
void stage_touch_as_user(struct stage *stage, uint64_t va, enum space_access_kind kind);
void stage_touch_as_kernel(struct stage *stage, uint64_t va, enum space_access_kind kind);

/* The report of it, by what the memory manager says now. */
void stage_report(struct stage *stage);
