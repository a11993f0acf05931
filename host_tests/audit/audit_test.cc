#include "host_tests/audit/audit_test.h"

#include <gtest/gtest.h>

namespace {

constexpr uint64_t TEXT = KERNEL_IMAGE_BASE;

TEST_F(AuditTest, AHealthySystemHasNoFindingsAndEverythingWasLookedAt) {
    TextLog log;
    audit_result result = audit_run(log.sink());
    EXPECT_EQ(log.text(), "");
    EXPECT_EQ(result.finding_count, 0u);
    EXPECT_EQ(result.frame_count, frame_count().total);
    EXPECT_EQ(result.table_count, frame_count().by_state[FRAME_TABLE]);
    EXPECT_GT(result.leaf_count, 4u + 48u);
}

class NoExecuteDisableTest : public AuditTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.control.nxe = false;
        return config;
    }
};

TEST_F(NoExecuteDisableTest, WhatACpuWithoutNxCannotRefuseIsNoFinding) {
    expect_sound();
}

TEST_F(AuditTest, AnAuditChangesNothing) {
    State before = state(space);
    State kernel_before = state(kernel_space());
    expect_sound();
    EXPECT_TRUE(state(space) == before);
    EXPECT_TRUE(state(kernel_space()) == kernel_before);
}

TEST_F(AuditTest, AnAuditOfAFullMemoryWorksWindowByWindow) {
    for (uint64_t left : {0, 1, 3}) {
        FrameDrought drought(left);
        expect_sound();
        Corruption broken(frame_at(space, VA).map_count, 2);
        expect_findings({"F2"}, "its count says 2");
    }
}

TEST_F(AuditTest, MoreFindingsThanLinesAreCounted) {
    struct virt_range range;
    ASSERT_EQ(kernel_range_alloc(150, "range", &range), STATUS_OK);
    auto add_to_all = [&](int change) {
        for (uint64_t i = 0; i < 150; i++) {
            frame_at(kernel_space(), range.start.value + i * PAGE_SIZE).map_count +=
                static_cast<uint32_t>(change);
        }
    };
    add_to_all(1);
    TextLog log;
    EXPECT_EQ(audit_run(log.sink()).finding_count, 150u);
    EXPECT_NE(log.text().find("audit: and 50 more\n"), std::string::npos);
    add_to_all(-1);
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(AuditTest, MoreRangesThanCanBeKnownAreRefused) {
    for (int i = 0; i < 32; i++) {
        ASSERT_EQ(audit_forbid_range(phys_addr(0), PAGE_SIZE, "loader"), STATUS_OK);
    }
    EXPECT_EQ(audit_forbid_range(phys_addr(0), PAGE_SIZE, "loader"), STATUS_NO_MEMORY);
    for (int i = 0; i < 64; i++) {
        ASSERT_EQ(audit_add_live(virt_addr(TEXT), 1, "live"), STATUS_OK);
    }
    EXPECT_EQ(audit_add_live(virt_addr(TEXT), 1, "live"), STATUS_NO_MEMORY);
}

} // namespace
