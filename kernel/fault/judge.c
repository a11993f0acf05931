#include "kernel/fault/fault.h"
#include "mm/addr/layout.h"

static bool has(const struct fault_facts *facts, enum page_fault_code bit) {
    return (facts->error_code & bit) != 0;
}

static bool is_upper_half(virt_addr_t va) {
    return va.value >> 63 != 0;
}

static bool is_user_page(const struct fault_facts *facts) {
    return (facts->query.effective_rights & RIGHT_USER) != 0;
}

static enum fault_verdict judge_absent(const struct fault_facts *facts) {
    if (facts->address.value < NULL_GUARD_END) {
        return FAULT_NULL_GUARD;
    }
    if (facts->has_area && facts->area.kind == AREA_GUARD) {
        return FAULT_GUARD_PAGE;
    }
    return facts->query.kind == PAGE_PARKED ? FAULT_NO_ACCESS : FAULT_NOT_MAPPED;
}

static enum fault_verdict judge_fetch(const struct fault_facts *facts) {
    if (!has(facts, PAGE_FAULT_USER) && is_user_page(facts)) {
        return FAULT_SMEP;
    }
    return facts->query.effective_rights & RIGHT_EXECUTE ? FAULT_SPURIOUS : FAULT_NO_EXECUTE;
}

/* The page is present, but its rights forbid the access. */
static enum fault_verdict judge_rights(const struct fault_facts *facts) {
    if (has(facts, PAGE_FAULT_USER) && !is_user_page(facts)) {
        return FAULT_KERNEL_PAGE_IN_LOW;
    }
    if (has(facts, PAGE_FAULT_FETCH)) {
        return judge_fetch(facts);
    }
    if (has(facts, PAGE_FAULT_WRITE) && !(facts->query.effective_rights & RIGHT_WRITE)) {
        return FAULT_READ_ONLY;
    }
    bool is_forbidden_by_smap =
        !has(facts, PAGE_FAULT_USER) && is_user_page(facts) && !facts->is_user_access_open;
    return is_forbidden_by_smap ? FAULT_SMAP : FAULT_SPURIOUS;
}

enum fault_verdict fault_judge(const struct fault_facts *facts) {
    if (!virt_is_canonical(facts->address, 5)) {
        return FAULT_NON_CANONICAL;
    }
    if (has(facts, PAGE_FAULT_SGX)) {
        return FAULT_SGX;
    }
    if (has(facts, PAGE_FAULT_RESERVED_BIT)) {
        return FAULT_RESERVED_BIT;
    }
    if (has(facts, PAGE_FAULT_USER) && is_upper_half(facts->address)) {
        return FAULT_KERNEL_ADDRESS;
    }
    if (has(facts, PAGE_FAULT_SHADOW_STACK)) {
        return FAULT_SHADOW_STACK;
    }
    if (has(facts, PAGE_FAULT_PROTECTION_KEY)) {
        return FAULT_PROTECTION_KEY;
    }
    /* The tables as they are now decide, not the P bit as it was then. */
    return facts->query.kind == PAGE_MAPPED ? judge_rights(facts) : judge_absent(facts);
}
