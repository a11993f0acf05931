#include "mm/space/fault_decide.h"

static uint8_t right_of(enum space_access_kind access) {
    switch (access) {
    case ACCESS_READ:
        return RIGHT_READ;
    case ACCESS_WRITE:
        return RIGHT_WRITE;
    case ACCESS_EXECUTE:
        return RIGHT_EXECUTE;
    }
    __builtin_unreachable();
}

static bool is_pagers(const struct vm_area *area, const struct fault_walk *walk) {
    uint8_t kind = walk->is_in_source ? PAGER_UNSHOWN : PAGER_MISSING;
    return (area->pager_kinds & kind) != 0;
}

/* Nothing is there yet. Even a page of zeroes takes an entry in a table. */
static enum fault_action fill(const struct vm_area *area, const struct fault_walk *walk,
                              enum space_access_kind access) {
    bool is_object = area->kind == AREA_OBJECT;
    if (is_object && walk->is_behind_end) {
        return REFUSE_BEHIND_END;
    }
    if (is_pagers(area, walk)) {
        return ASK_PAGER;
    }
    if (walk->entry.is_table_shared) {
        return RESOLVE_UNSHARE;
    }
    if (access != ACCESS_WRITE) {
        return is_object ? RESOLVE_SHOW : RESOLVE_ZERO_PAGE;
    }
    if (is_object) {
        return area->is_shared ? RESOLVE_SHOW : RESOLVE_COPY_OBJECT;
    }
    return RESOLVE_ZERO_FILL;
}

/* A page is there, and its entry, or the way to it, does not grant what the area does. */
static enum fault_action improve(const struct vm_area *area, const struct fault_walk *walk,
                                 enum space_access_kind access) {
    if (walk->entry.is_table_shared) {
        return RESOLVE_UNSHARE;
    }
    if (area->is_shared) {
        return RESOLVE_SHOW;
    }
    return access == ACCESS_WRITE && !walk->is_sole_owner ? RESOLVE_COPY : RESOLVE_GRANT;
}

enum fault_action fault_decide(const struct vm_area *area, const struct fault_walk *walk,
                               enum space_access_kind access) {
    uint8_t right = right_of(access);
    if (area == nullptr || !area_is_memory(area)) {
        return REFUSE_NOT_MAPPED;
    }
    if ((area->attributes.rights & right) == 0) {
        return REFUSE_NOT_PERMITTED;
    }
    switch (walk->entry.kind) {
    case PAGE_ABSENT:
        return fill(area, walk, access);
    case PAGE_PARKED:
        return improve(area, walk, access);
    case PAGE_MAPPED:
        return (walk->entry.effective_rights & right) != 0 ? RESOLVE_NOTHING
                                                           : improve(area, walk, access);
    }
    __builtin_unreachable();
}

enum fault_action fault_decide_load(const struct vm_area *area, const struct fault_walk *walk) {
    if (area == nullptr || !area_is_memory(area)) {
        return REFUSE_NOT_MAPPED;
    }
    if (area->is_shared) {
        return REFUSE_NOT_PERMITTED;
    }
    if (walk->entry.kind == PAGE_ABSENT) {
        return fill(area, walk, ACCESS_WRITE);
    }
    if (walk->entry.is_table_shared) {
        return RESOLVE_UNSHARE;
    }
    return walk->is_sole_owner ? RESOLVE_NOTHING : RESOLVE_COPY;
}
