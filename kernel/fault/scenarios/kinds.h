#pragma once

#include "kernel/fault/scenarios/stage.h"

/* A story that ends in a fault. */
struct scenario {
    const char *name;
    bool (*is_claimed)(void); /* whether the CPU claims what faults; nullptr: every CPU does */
    void (*play)(struct stage *stage);
};

/* For both tables. */
bool scenario_has_no_execute(void);

/* Each ended by a name that is nullptr. */
extern const struct scenario USER_SCENARIOS[];
extern const struct scenario KERNEL_SCENARIOS[];
