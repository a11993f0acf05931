#pragma once

#include <stdint.h>

#include "kernel/cpu/features.h"
#include "kernel/probe/probe.h"
#include "kernel/protections/lift.h"
#include "lib/decls.h"
#include "mm/addr/addr.h"

BEGIN_C_DECLS

/* What must come of an access. */
struct expected {
    uint8_t vector;
    uint32_t error_code;
};

/* An access that must end in an exception, and why. */
struct rule {
    const char *name; /* what is tried: "write to the kernel's text" */
    bool (*is_claimed)(const struct cpu_features *cpu); /* nullptr: by every CPU */
    virt_addr_t (*target)(void);
    void (*access)(virt_addr_t address, struct probe_result *result);
    struct expected expected;
    struct lift plant; /* what makes the access forbidden; where it is nothing, it is already */
    struct lift lift;  /* what makes it allowed; where both are nothing, nothing does */
};

/* Ended by a name that is nullptr. */
extern const struct rule KERNEL_RULES[];

END_C_DECLS
