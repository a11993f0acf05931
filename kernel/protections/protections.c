#include "kernel/protections/protections.h"

#include "kernel/cpu/descriptors.h"
#include "kernel/fault/fault.h"
#include "kernel/log.h"
#include "kernel/panic/panic.h"
#include "kernel/protections/bait.h"
#include "kernel/protections/rules.h"

enum outcome : uint8_t { NOT_CLAIMED, FIRED, FIRED_OTHERWISE, SILENT, NOT_LIFTED };

static const char *const WORDS[] = {
    [NOT_CLAIMED] = "not claimed by this CPU",
    [FIRED] = "fired",
    [FIRED_OTHERWISE] = "fired, but not as it should",
    [SILENT] = "silent",
    [NOT_LIFTED] = "fired, and also where it is allowed",
};

/* What counts of an error code: P is set with RSVD (SDM 3A 4.7), but QEMU leaves it clear. */
static uint64_t code_bits(uint64_t error_code) {
    return error_code & PAGE_FAULT_RESERVED_BIT ? error_code & ~PAGE_FAULT_PRESENT : error_code;
}

/* Whether it is the exception that the rule wants; of a page fault also the address. */
static bool is_as_ruled(const struct rule *rule, const struct trap_frame *frame,
                        virt_addr_t address) {
    return frame->vector == rule->expected.vector &&
           code_bits(frame->error_code) == code_bits(rule->expected.error_code) &&
           (frame->vector != VECTOR_PAGE_FAULT || frame->fault_address == address.value);
}

static bool can_be_allowed(const struct rule *rule) {
    return rule->plant.kind != LIFT_NOTHING || rule->lift.kind != LIFT_NOTHING;
}

static bool faults_where_allowed(const struct rule *rule, virt_addr_t address) {
    struct probe_result result;
    struct lifted lifted = lift_do(&rule->lift, address);
    rule->access(address, &result);
    lift_undo(&lifted);
    return result.has_faulted;
}

static enum outcome provoke(const struct rule *rule, struct probe_result *result) {
    virt_addr_t address = rule->target();
    struct lifted planted = lift_do(&rule->plant, address);
    rule->access(address, result);
    lift_undo(&planted);
    if (!result->has_faulted) {
        return SILENT;
    }
    if (!is_as_ruled(rule, &result->frame, address)) {
        return FIRED_OTHERWISE;
    }
    return can_be_allowed(rule) && faults_where_allowed(rule, address) ? NOT_LIFTED : FIRED;
}

static void log_outcome(const struct rule *rule, enum outcome outcome,
                        const struct probe_result *result) {
    if (!result->has_faulted) {
        log_line(LOG_INFO, "protections: %s: %s", rule->name, WORDS[outcome]);
        return;
    }
    log_line(LOG_INFO, "protections: %s: %s (%s, error code %#llx)", rule->name, WORDS[outcome],
             trap_vector_name(result->frame.vector), (unsigned long long)result->frame.error_code);
}

/* Returns how many are not as they must be. */
static unsigned run(const struct rule *rules) {
    unsigned failure_count = 0;
    for (const struct rule *rule = rules; rule->name; rule++) {
        struct probe_result result = {};
        bool is_claimed = is_claimed_by_this_cpu(rule->is_claimed);
        enum outcome outcome = is_claimed ? provoke(rule, &result) : NOT_CLAIMED;
        log_outcome(rule, outcome, &result);
        failure_count += outcome != FIRED && outcome != NOT_CLAIMED;
    }
    return failure_count;
}

void protections_run(void) {
    bait_begin();
    unsigned failure_count = run(KERNEL_RULES) + run(USER_RULES) + plant_for_audit();
    bait_end();
    if (failure_count > 0) {
        panic_stop("selftest: %u protections are not as they must be", failure_count);
    }
}
