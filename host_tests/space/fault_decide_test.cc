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

void for_each_case(const std::function<void(const Case &)> &visit) {
    for (unsigned bits = 0; bits < 1u << 5; bits++) {
        for (int kind = -1; kind <= AREA_BOOT; kind++) {
            for (uint8_t rights = 0; rights < 8; rights++) {
                for (uint8_t effective = 0; effective < 8; effective++) {
                    for (int page = PAGE_ABSENT; page <= PAGE_MAPPED; page++) {
                        for (int access = ACCESS_READ; access <= ACCESS_EXECUTE; access++) {
                            Case one;
                            one.has_area = kind >= 0;
                            one.area.kind = static_cast<area_kind>(kind < 0 ? 0 : kind);
                            one.area.attributes.rights = rights;
                            one.area.is_shared = (bits & 1) != 0;
                            one.walk.is_sole_owner = (bits & 2) != 0;
                            one.walk.is_behind_end = (bits & 4) != 0;
                            one.walk.entry.is_table_shared = (bits & 8) != 0;
                            one.walk.entry.is_owned = (bits & 16) != 0;
                            one.walk.entry.kind = static_cast<page_kind>(page);
                            one.walk.entry.effective_rights = effective;
                            one.access = static_cast<space_access_kind>(access);
                            visit(one);
                        }
                    }
                }
            }
        }
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

TEST(FaultDecide, OverItsWholeDomainDoesWhatTheRulesSay) {
    unsigned wrong = 0;
    for_each_case([&](const Case &one) {
        const vm_area *area = one.has_area ? &one.area : nullptr;
        wrong += fault_decide(area, &one.walk, one.access) != by_rules(one);
    });
    EXPECT_EQ(wrong, 0u);
}

TEST(FaultDecide, NeverLetsAWriteReachWhatOthersHave) { // law 12, S2
    for_each_case([&](const Case &one) {
        if (one.has_area && one.access == ACCESS_WRITE && !one.area.is_shared) {
            fault_action action = fault_decide(&one.area, &one.walk, one.access);
            bool grants = action == RESOLVE_GRANT;
            ASSERT_FALSE(grants && (!one.walk.is_sole_owner || one.walk.entry.is_table_shared));
            ASSERT_NE(action, RESOLVE_SHOW);
        }
    });
}

TEST(FaultDecide, LoadingTakesACopyOfItsOwnWhateverTheRights) {
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
