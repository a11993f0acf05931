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

uint64_t fault_stack_bytes(const struct fault_facts *facts) {
    return virt_range_last(facts->area_above.range).value + 1 -
           align_down(facts->address.value, PAGE_SIZE);
}

/* Not more than as much again lies between a stack that has overflowed and the address: what is
 * further away is no stack's. */
static bool is_overflow(const struct fault_facts *facts) {
    constexpr uint64_t least = 1ull << 20;
    if (!facts->has_area_above || !facts->area_above.grows_down) {
        return false;
    }
    uint64_t limit = facts->stack_limit_bytes;
    uint64_t size_bytes = fault_stack_bytes(facts);
    return size_bytes > limit && size_bytes - limit <= (limit > least ? limit : least);
}

static enum fault_verdict judge_unknown(const struct fault_facts *facts) {
    return is_overflow(facts) ? FAULT_STACK_LIMIT : FAULT_NEVER_MAPPED;
}

/* Nobody has an area there. The last change may be of something else in the same range, but then
 * it says that nothing is mapped in all of it. */
static enum fault_verdict judge_nobodys(const struct fault_facts *facts) {
    if (facts->change_count == 0) {
        return judge_unknown(facts);
    }
    switch (facts->changes[0].change.operation) {
    case TABLE_UNMAP:
    case TABLE_UNMAP_KEEPING_FRAMES:
    case TABLE_UNMAP_STRICT:
        return FAULT_UNMAPPED;
    default:
        return judge_unknown(facts);
    }
}

/* The direct map and the frame array follow the memory that there is; the image is whole. */
static enum fault_verdict judge_absent_in_boot_area(virt_addr_t va) {
    return va.value >= KERNEL_IMAGE_BASE ? FAULT_ENTRY_LOST : FAULT_HOLE;
}

/* Whether the last that is known of the page is that it got an entry. */
static bool is_known_mapped(const struct fault_facts *facts) {
    if (facts->change_count == 0) {
        return false;
    }
    switch (facts->changes[0].change.operation) {
    case TABLE_MAP:
    case TABLE_MAP_FRAMES:
    case TABLE_REMAP:
    case TABLE_REMAP_FRAMES:
        return true;
    default:
        return false;
    }
}

/* A process's own memory gets its entries as it is used, all other has them from the start. */
static enum fault_verdict judge_missing_entry(const struct fault_facts *facts) {
    bool comes_with_use = area_is_memory(&facts->area) && !is_upper_half(facts->address);
    return comes_with_use && !is_known_mapped(facts) ? FAULT_NOT_FILLED : FAULT_ENTRY_LOST;
}

/* What the area does not allow is refused before there is an entry, too. */
static enum fault_verdict judge_absent_memory(const struct fault_facts *facts) {
    uint8_t rights = facts->area.attributes.rights;
    if ((rights & RIGHT_READ) == 0) {
        return FAULT_NO_ACCESS;
    }
    if (has(facts, PAGE_FAULT_WRITE) && (rights & RIGHT_WRITE) == 0) {
        return FAULT_READ_ONLY;
    }
    if (has(facts, PAGE_FAULT_FETCH) && (rights & RIGHT_EXECUTE) == 0) {
        return FAULT_NO_EXECUTE;
    }
    return judge_missing_entry(facts);
}

static enum fault_verdict judge_absent_in_area(const struct fault_facts *facts) {
    switch (facts->area.kind) {
    case AREA_GUARD:
        return FAULT_GUARD_PAGE;
    case AREA_RESERVED:
        return FAULT_NOT_FILLED;
    case AREA_BOOT:
        return judge_absent_in_boot_area(facts->address);
    case AREA_ANON:
    case AREA_OBJECT:
    case AREA_DEVICE:
        return judge_absent_memory(facts);
    }
    __builtin_unreachable();
}

static enum fault_verdict judge_absent(const struct fault_facts *facts) {
    if (facts->query.kind == PAGE_PARKED) {
        return FAULT_NO_ACCESS;
    }
    return facts->has_area ? judge_absent_in_area(facts) : judge_nobodys(facts);
}

/* A field of the structure that a null pointer should have pointed to, or one before it. The
 * topmost page is never mapped either. */
static bool is_near_null(virt_addr_t va) {
    return va.value < NULL_GUARD_END || va.value >= -PAGE_SIZE;
}

/* The tables allow it as they are now. */
static enum fault_verdict judge_allowed(const struct fault_facts *facts) {
    return has(facts, PAGE_FAULT_PRESENT) ? FAULT_STALE_TLB : FAULT_MAPPED_SINCE;
}

/* By SMAP or SMEP, which bind supervisor mode alone. */
static bool is_kept_from_user_page(const struct fault_facts *facts, bool is_in_force) {
    return is_in_force && !has(facts, PAGE_FAULT_USER) && is_user_page(facts);
}

static enum fault_verdict judge_fetch(const struct fault_facts *facts) {
    if (is_kept_from_user_page(facts, facts->is_smep_in_force)) {
        return FAULT_SMEP;
    }
    return facts->query.effective_rights & RIGHT_EXECUTE ? judge_allowed(facts) : FAULT_NO_EXECUTE;
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
    bool is_forbidden_by_smap = is_kept_from_user_page(facts, facts->is_smap_in_force);
    return is_forbidden_by_smap ? FAULT_SMAP : judge_allowed(facts);
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
    if (is_near_null(facts->address) && facts->query.kind == PAGE_ABSENT) {
        return FAULT_NULL_POINTER;
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

bool fault_is_spurious(enum fault_verdict verdict) {
    return verdict == FAULT_STALE_TLB || verdict == FAULT_MAPPED_SINCE;
}

struct page_walk_stop fault_find_stop(const struct fault_facts *facts) {
    uint8_t wanted = RIGHT_READ;
    wanted |= has(facts, PAGE_FAULT_USER) ? RIGHT_USER : RIGHT_NONE;
    wanted |= has(facts, PAGE_FAULT_WRITE) ? RIGHT_WRITE : RIGHT_NONE;
    wanted |= has(facts, PAGE_FAULT_FETCH) ? RIGHT_EXECUTE : RIGHT_NONE;
    bool is_in_force =
        has(facts, PAGE_FAULT_FETCH) ? facts->is_smep_in_force : facts->is_smap_in_force;
    bool is_kept_off = is_in_force && !has(facts, PAGE_FAULT_USER);
    return page_walk_find_stop(&facts->walk, wanted, is_kept_off ? RIGHT_USER : RIGHT_NONE);
}
