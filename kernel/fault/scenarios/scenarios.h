#pragma once

#include <stdint.h>

#include "kernel/fault/gather.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "mm/addr/addr.h"
#include "mm/space/address_space.h"

/*
 * Page faults on purpose, each with the report that it must bring. They are written once and run
 * in two worlds: on the machine, where the CPU faults, and on the pretend PC of the host tests. But
 * for the addresses of frames, ticks and code, both say the same text
 * (system_tests/fault_scenarios.txt).
 */

BEGIN_C_DECLS

/* One access. User code is at SCENARIO_USER_CODE of the space, one routine for each kind. */
struct scenario_touch {
    struct address_space *space; /* that the CPU translates through meanwhile */
    virt_addr_t address;
    enum space_access_kind kind;
    bool is_user;
};

/* What the CPU said. */
struct scenario_fault {
    bool has_faulted; /* by a page fault; another exception is the world's to complain about */
    uint64_t instruction;
    uint32_t error_code;
};

constexpr uint64_t SCENARIO_USER_CODE = 0x400000;
constexpr uint64_t SCENARIO_ROUTINE_SIZE_BYTES = 16; /* routine n, of access kind n, is at n * this;
                                                        its address to touch comes in RDI */

/* The two worlds, and what their CPUs have that mm/platform.h does not tell. Each function is
 * answered by whoever runs the scenarios. */
void scenario_provoke(const struct scenario_touch *touch, struct scenario_fault *fault);
const struct fault_sources *scenario_sources(void);
bool scenario_has_smap(void);
bool scenario_has_smep(void);

/* Runs every scenario that faults on this CPU: "scenario: NAME" and its report; the others are
 * named, "scenario not claimed by this CPU: NAME". Returns how many were run. */
unsigned scenarios_run(const struct text_sink *sink);

END_C_DECLS
