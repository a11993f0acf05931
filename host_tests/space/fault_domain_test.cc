#include "mm/space/fault_decide.h"

#include <functional>

#include <gtest/gtest.h>

/* D1: fault_decide over its whole domain, against rules that are written down one by one. */

namespace {

struct Case {
    vm_area area = {};
    bool has_area = true;
    fault_walk walk = {};
    space_access_kind access = ACCESS_READ;

    bool is_memory() const {
        return has_area && (area.kind == AREA_ANON || area.kind == AREA_OBJECT);
    }
    bool is_allowed() const {
        static constexpr uint8_t rights[] = {RIGHT_READ, RIGHT_WRITE, RIGHT_EXECUTE};
        return (area.attributes.rights & rights[access]) != 0;
    }
    bool tables_allow() const {
        static constexpr uint8_t rights[] = {RIGHT_READ, RIGHT_WRITE, RIGHT_EXECUTE};
        return walk.entry.kind == PAGE_MAPPED &&
               (walk.entry.effective_rights & rights[access]) != 0;
    }
    bool is_absent() const {
        return walk.entry.kind == PAGE_ABSENT;
    }
    bool is_object() const {
        return area.kind == AREA_OBJECT;
    }
};

/* Takes one of `count` values out of a number that stands for a case. */
unsigned take(unsigned *number, unsigned count) {
    unsigned value = *number % count;
    *number /= count;
    return value;
}

Case case_of(unsigned number) {
    Case one;
    one.area.is_shared = take(&number, 2) != 0;
    one.walk.is_sole_owner = take(&number, 2) != 0;
    one.walk.is_behind_end = take(&number, 2) != 0;
    one.walk.entry.is_table_shared = take(&number, 2) != 0;
    one.area.attributes.rights = static_cast<uint8_t>(take(&number, 8));
    one.walk.entry.effective_rights = static_cast<uint8_t>(take(&number, 8));
    one.walk.entry.kind = static_cast<page_kind>(take(&number, PAGE_MAPPED + 1));
    one.access = static_cast<space_access_kind>(take(&number, ACCESS_EXECUTE + 1));
    one.area.kind = static_cast<area_kind>(take(&number, AREA_BOOT + 1));
    one.has_area = take(&number, 2) != 0;
    return one;
}

void for_each_case(const std::function<void(const Case &)> &visit) {
    constexpr unsigned count =
        16 * 8 * 8 * (PAGE_MAPPED + 1) * (ACCESS_EXECUTE + 1) * (AREA_BOOT + 1) * 2;
    for (unsigned number = 0; number < count; number++) {
        visit(case_of(number));
    }
}

/* The rules from top to bottom; the first that fits decides. */
fault_action by_rules(const Case &one) {
    bool writes = one.access == ACCESS_WRITE;
    if (!one.is_memory()) {
        return REFUSE_NOT_MAPPED;
    }
    if (!one.is_allowed()) {
        return REFUSE_NOT_PERMITTED;
    }
    if (one.tables_allow()) {
        return RESOLVE_NOTHING;
    }
    if (one.is_absent() && one.is_object() && one.walk.is_behind_end) {
        return REFUSE_BEHIND_END;
    }
    if (one.walk.entry.is_table_shared) {
        return RESOLVE_UNSHARE;
    }
    if (one.is_absent() && !one.is_object()) {
        return writes ? RESOLVE_ZERO_FILL : RESOLVE_ZERO_PAGE;
    }
    if (one.area.is_shared || (one.is_absent() && !writes)) {
        return RESOLVE_SHOW;
    }
    if (one.is_absent()) {
        return RESOLVE_COPY_OBJECT;
    }
    return writes && !one.walk.is_sole_owner ? RESOLVE_COPY : RESOLVE_GRANT;
}

TEST(FaultDomain, OverItsWholeDomainDoesWhatTheRulesSay) {
    unsigned wrong = 0;
    for_each_case([&](const Case &one) {
        const vm_area *area = one.has_area ? &one.area : nullptr;
        wrong += fault_decide(area, &one.walk, one.access) != by_rules(one);
    });
    EXPECT_EQ(wrong, 0u);
}

TEST(FaultDomain, NeverLetsAWriteReachWhatOthersHave) { // law 12, S2
    for_each_case([&](const Case &one) {
        if (one.has_area && one.access == ACCESS_WRITE && !one.area.is_shared) {
            fault_action action = fault_decide(&one.area, &one.walk, one.access);
            bool grants = action == RESOLVE_GRANT;
            ASSERT_FALSE(grants && (!one.walk.is_sole_owner || one.walk.entry.is_table_shared));
            ASSERT_NE(action, RESOLVE_SHOW);
        }
    });
}

TEST(FaultDomain, LoadingTakesACopyOfItsOwnWhateverTheRights) {
    for_each_case([&](const Case &one) {
        const vm_area *area = one.has_area ? &one.area : nullptr;
        fault_action action = fault_decide_load(area, &one.walk);
        if (!one.is_memory()) {
            ASSERT_EQ(action, REFUSE_NOT_MAPPED);
        } else if (one.area.is_shared) {
            ASSERT_EQ(action, REFUSE_NOT_PERMITTED);
        } else if (one.is_absent() && one.is_object() && one.walk.is_behind_end) {
            ASSERT_EQ(action, REFUSE_BEHIND_END);
        } else if (one.walk.entry.is_table_shared) {
            ASSERT_EQ(action, RESOLVE_UNSHARE);
        } else if (!one.is_absent()) {
            ASSERT_EQ(action, one.walk.is_sole_owner ? RESOLVE_NOTHING : RESOLVE_COPY);
        } else {
            ASSERT_EQ(action, one.is_object() ? RESOLVE_COPY_OBJECT : RESOLVE_ZERO_FILL);
        }
    });
}

} // namespace
