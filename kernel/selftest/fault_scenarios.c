#include "kernel/selftest/fault_scenarios.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/descriptors.h"
#include "kernel/cpu/features.h"
#include "kernel/fault/scenarios/scenarios.h"
#include "kernel/log.h"
#include "kernel/log_text/log_text.h"
#include "kernel/panic/panic.h"
#include "kernel/probe/probe.h"
#include "kernel/symbols/symbols.h"
#include "kernel/trace/trace.h"

static void probe_as_kernel(const struct scenario_touch *touch, struct probe_result *result) {
    switch (touch->kind) {
    case ACCESS_READ:
        probe_read(touch->address, result);
        return;
    case ACCESS_WRITE:
        probe_write(touch->address, result);
        return;
    case ACCESS_EXECUTE:
        probe_execute(touch->address, result);
        return;
    }
}

static void probe(const struct scenario_touch *touch, struct probe_result *result) {
    if (touch->is_user) {
        uint64_t routine = SCENARIO_USER_CODE + touch->kind * SCENARIO_ROUTINE_SIZE_BYTES;
        probe_user(virt_addr(routine), touch->address.value, result);
    } else {
        probe_as_kernel(touch, result);
    }
}

/* With interrupts off: the scheduler would go back to the kernel's space. */
void scenario_provoke(const struct scenario_touch *touch, struct scenario_fault *fault) {
    bool were_enabled = interrupts_save();
    struct address_space *previous = space_switch(touch->space);
    struct probe_result result;
    probe(touch, &result);
    space_switch(previous);
    interrupts_restore(were_enabled);
    if (result.has_faulted && result.frame.vector != VECTOR_PAGE_FAULT) {
        panic_stop("selftest: scenarios: %s", trap_vector_name(result.frame.vector));
    }
    *fault = (struct scenario_fault){
        .has_faulted = result.has_faulted,
        .instruction = result.frame.rip,
        .error_code = (uint32_t)result.frame.error_code,
    };
}

const struct fault_sources *scenario_sources(void) {
    static struct fault_sources sources;
    sources = (struct fault_sources){trace_ring_of_tables(), &kernel_symbols};
    return &sources;
}

bool scenario_has_smap(void) {
    return cpu_features()->has_smap;
}

bool scenario_has_smep(void) {
    return cpu_features()->has_smep;
}

void selftest_fault_scenarios(void) {
    struct log_text text;
    unsigned count = scenarios_run(log_text_begin(&text, LOG_INFO));
    log_line(LOG_INFO, "selftest: %u fault scenarios", count);
}
