#pragma once

#include "kernel/fault/scenarios/stage.h"

/* A story that ends in a fault. */
struct scenario {
    const char *name;
    void (*play)(struct stage *stage);
};

/* Each ended by a name that is nullptr. */
extern const struct scenario USER_SCENARIOS[];
extern const struct scenario KERNEL_SCENARIOS[];
