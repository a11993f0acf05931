#include "mm/space/fault_decide.h"

#include <gtest/gtest.h>

/* What is decided about a fault, from what there is alone (D1). */

namespace {

constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint8_t ALL = READ_WRITE | RIGHT_EXECUTE;
constexpr space_access_kind ACCESSES[] = {ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE};

vm_area area_of(area_kind kind, uint8_t rights) {
    vm_area area = {};
    area.kind = kind;
    area.attributes.rights = rights;
    return area;
}

/* An entry of the kind in a table of the process's own, for the page of a sole owner. */
fault_walk walk_to(page_kind kind, uint8_t rights) {
    fault_walk walk = {};
    walk.entry.kind = kind;
    walk.entry.effective_rights = rights;
    walk.is_sole_owner = true;
    return walk;
}

fault_walk with_others(fault_walk walk) {
    walk.is_sole_owner = false;
    return walk;
}

fault_walk in_shared_table(fault_walk walk) {
    walk.entry.is_table_shared = true;
    return walk;
}

fault_action decide(const fault_walk &walk, space_access_kind access) {
    vm_area area = area_of(AREA_ANON, ALL);
    return fault_decide(&area, &walk, access);
}

const fault_walk NOTHING = with_others(walk_to(PAGE_ABSENT, RIGHT_NONE));
const fault_walk READABLE = walk_to(PAGE_MAPPED, RIGHT_READ);
const fault_walk PARKED = walk_to(PAGE_PARKED, RIGHT_NONE);

TEST(FaultDecideTest, WhereNoAreaIsNothingIsAllocated) {
    for (space_access_kind access : ACCESSES) {
        EXPECT_EQ(fault_decide(nullptr, &NOTHING, access), REFUSE_NOT_MAPPED);
    }
    EXPECT_EQ(fault_decide_load(nullptr, &NOTHING), REFUSE_NOT_MAPPED);
}

TEST(FaultDecideTest, AnAreaThatIsNoMemoryIsNotFilled) {
    for (area_kind kind : {AREA_RESERVED, AREA_GUARD, AREA_DEVICE, AREA_BOOT}) {
        vm_area area = area_of(kind, ALL);
        EXPECT_EQ(fault_decide(&area, &NOTHING, ACCESS_READ), REFUSE_NOT_MAPPED);
        EXPECT_EQ(fault_decide_load(&area, &NOTHING), REFUSE_NOT_MAPPED);
    }
}

TEST(FaultDecideTest, WhatTheAreaDoesNotAllowIsRefusedWhateverTheEntryGrants) {
    const uint8_t right_of[] = {RIGHT_READ, RIGHT_WRITE, RIGHT_EXECUTE};
    for (space_access_kind access : ACCESSES) {
        vm_area area = area_of(AREA_ANON, static_cast<uint8_t>(ALL & ~right_of[access]));
        const fault_walk granted = walk_to(PAGE_MAPPED, ALL);
        EXPECT_EQ(fault_decide(&area, &NOTHING, access), REFUSE_NOT_PERMITTED);
        EXPECT_EQ(fault_decide(&area, &granted, access), REFUSE_NOT_PERMITTED);
    }
}

TEST(FaultDecideTest, WhatIsOnlyReadIsZeroesAndWhatIsWrittenGetsAFrame) {
    EXPECT_EQ(decide(NOTHING, ACCESS_READ), RESOLVE_ZERO_PAGE);
    EXPECT_EQ(decide(NOTHING, ACCESS_EXECUTE), RESOLVE_ZERO_PAGE);
    EXPECT_EQ(decide(NOTHING, ACCESS_WRITE), RESOLVE_ZERO_FILL);
}

TEST(FaultDecideTest, WhatTheTablesAllowNeedsNothingSharedOrNot) {
    EXPECT_EQ(decide(READABLE, ACCESS_READ), RESOLVE_NOTHING);
    EXPECT_EQ(decide(in_shared_table(READABLE), ACCESS_READ), RESOLVE_NOTHING);
    EXPECT_EQ(decide(with_others(READABLE), ACCESS_READ), RESOLVE_NOTHING);
    EXPECT_EQ(decide(walk_to(PAGE_MAPPED, ALL), ACCESS_WRITE), RESOLVE_NOTHING);
    EXPECT_EQ(decide(walk_to(PAGE_MAPPED, ALL), ACCESS_EXECUTE), RESOLVE_NOTHING);
}

TEST(FaultDecideTest, APageOfOnesOwnIsGrantedInPlace) {
    EXPECT_EQ(decide(READABLE, ACCESS_WRITE), RESOLVE_GRANT);
    EXPECT_EQ(decide(READABLE, ACCESS_EXECUTE), RESOLVE_GRANT);
    EXPECT_EQ(decide(PARKED, ACCESS_READ), RESOLVE_GRANT);
}

TEST(FaultDecideTest, APageThatOthersHaveTooIsCopiedWhenItIsWritten) { // S2
    EXPECT_EQ(decide(with_others(READABLE), ACCESS_WRITE), RESOLVE_COPY);
    EXPECT_EQ(decide(with_others(PARKED), ACCESS_WRITE), RESOLVE_COPY);
    EXPECT_EQ(decide(with_others(READABLE), ACCESS_EXECUTE), RESOLVE_GRANT);
    EXPECT_EQ(decide(with_others(PARKED), ACCESS_READ), RESOLVE_GRANT);
}

TEST(FaultDecideTest, ASharedTableIsMadeOnesOwnBeforeAnythingInItChanges) { // law 12
    for (space_access_kind access : ACCESSES) {
        EXPECT_EQ(decide(in_shared_table(NOTHING), access), RESOLVE_UNSHARE);
        EXPECT_EQ(decide(in_shared_table(PARKED), access), RESOLVE_UNSHARE);
    }
    EXPECT_EQ(decide(in_shared_table(READABLE), ACCESS_WRITE), RESOLVE_UNSHARE);
    EXPECT_EQ(decide(in_shared_table(with_others(READABLE)), ACCESS_WRITE), RESOLVE_UNSHARE);
    EXPECT_EQ(decide(in_shared_table(READABLE), ACCESS_EXECUTE), RESOLVE_UNSHARE);
}

TEST(FaultDecideTest, AbsentPagesAreAskedForWhereTheAreaHasAPagerForThem) {
    vm_area area = area_of(AREA_OBJECT, READ_WRITE);
    fault_walk unshown = NOTHING;
    unshown.is_in_source = true;
    for (space_access_kind access : {ACCESS_READ, ACCESS_WRITE}) {
        area.pager_kinds = PAGER_MISSING;
        EXPECT_EQ(fault_decide(&area, &NOTHING, access), ASK_PAGER);
        EXPECT_NE(fault_decide(&area, &unshown, access), ASK_PAGER);
        area.pager_kinds = PAGER_UNSHOWN;
        EXPECT_NE(fault_decide(&area, &NOTHING, access), ASK_PAGER);
        EXPECT_EQ(fault_decide(&area, &unshown, access), ASK_PAGER);
    }
    area.pager_kinds = PAGER_MISSING | PAGER_UNSHOWN;
    const fault_walk shared = in_shared_table(NOTHING);
    EXPECT_EQ(fault_decide(&area, &shared, ACCESS_READ), ASK_PAGER) << "before a table is copied";
    fault_walk behind = NOTHING;
    behind.is_behind_end = true;
    EXPECT_EQ(fault_decide(&area, &behind, ACCESS_READ), REFUSE_BEHIND_END);
    EXPECT_EQ(fault_decide(&area, &NOTHING, ACCESS_EXECUTE), REFUSE_NOT_PERMITTED);
    EXPECT_EQ(fault_decide(&area, &READABLE, ACCESS_WRITE), RESOLVE_GRANT) << "it is there";
}

TEST(FaultDecideTest, TheLoaderGetsAPageOfTheProcesssOwnWhateverTheRights) {
    vm_area area = area_of(AREA_ANON, RIGHT_NONE);
    EXPECT_EQ(fault_decide_load(&area, &NOTHING), RESOLVE_ZERO_FILL);
    EXPECT_EQ(fault_decide_load(&area, &READABLE), RESOLVE_NOTHING);
    EXPECT_EQ(fault_decide_load(&area, &PARKED), RESOLVE_NOTHING);
    const fault_walk zeroes = with_others(READABLE);
    EXPECT_EQ(fault_decide_load(&area, &zeroes), RESOLVE_COPY);
}

} // namespace
