#include <gtest/gtest.h>

#include "host_tests/sweep/sweep.h"
#include "mm/addr/layout.h"
#include "mm/audit/audit.h"
#include "mm/space/area_tree.h"

namespace {

class AuditRows : public SweepTest {
  protected:
    void TearDown() override {
        audit_forget();
        SweepTest::TearDown();
    }

    /* Calls `add` until it has no room left: that changes nothing, and costs no memory. */
    void fills_up(unsigned room, const std::function<status()> &add) {
        takes_no_memory([&] {
            for (unsigned i = 0; i < room; i++) {
                EXPECT_EQ(add(), STATUS_OK) << i;
            }
        });
        SweepState before = sweep_state();
        takes_no_memory([&] { EXPECT_EQ(add(), STATUS_NO_MEMORY); });
        EXPECT_EQ(before.differences(sweep_state()), "");
        SweepLedger::add(1);
    }
};

TEST_P(AuditRows, audit_run) {
    auto operation = [] {
        TextLog log;
        audit_result result = audit_run(log.sink());
        return log.text() + std::to_string(result.finding_count) + " of " +
               std::to_string(result.leaf_count);
    };
    EXPECT_EQ(makes_do(operation), 3u) << "smaller and smaller memory to count in";
}

TEST_P(AuditRows, audit_drain) {
    heap_free(heap_alloc(1024));
    takes_no_memory(audit_drain);
}

TEST_P(AuditRows, audit_forbid_range) {
    fills_up(32, [] { return audit_forbid_range(phys_addr(DEVICE), PAGE_SIZE, "loader"); });
}

TEST_P(AuditRows, audit_add_live) {
    virt_addr_t text = virt_addr(KERNEL_IMAGE_BASE);
    fills_up(64, [text] { return audit_add_live(text, PAGE_SIZE, "stack"); });
}

TEST_P(AuditRows, audit_forget) {
    takes_no_memory(audit_forget);
}

/* A tree of areas of its own: all memory in it is the caller's. */
class AreaRows : public SweepTest {
  protected:
    void SetUp() override {
        SweepTest::SetUp();
        area_tree_init(&areas);
        for (uint64_t i = 0; i < 3; i++) {
            made[i].range = pages_at(VA + 4 * i * PAGE_SIZE, 2);
            area_tree_insert(&areas, &made[i]);
        }
    }

    void expect_found(vm_area *(*find)(const area_tree *, virt_addr_t), uint64_t va,
                      const vm_area *expected) {
        takes_no_memory([&] { EXPECT_EQ(find(&areas, virt_addr(va)), expected); });
    }

    void expect_gap(bool (*find)(const area_tree *, const gap_request *, struct virt_range *),
                    uint64_t va) {
        gap_request request = {pages_at(VA, 100), 2, PAGE_SIZE, 0};
        struct virt_range gap = {};
        takes_no_memory([&] { EXPECT_TRUE(find(&areas, &request, &gap)); });
        EXPECT_EQ(gap.start.value, va);
    }

    area_tree areas = {};
    vm_area made[3] = {};
};

TEST_P(AreaRows, area_tree_init) {
    takes_no_memory([&] { area_tree_init(&areas); });
}

TEST_P(AreaRows, area_tree_insert) {
    vm_area more = {};
    more.range = pages_at(VA + GIB, 1);
    takes_no_memory([&] { area_tree_insert(&areas, &more); });
}

TEST_P(AreaRows, area_tree_remove) {
    takes_no_memory([&] { area_tree_remove(&areas, &made[1]); });
}

TEST_P(AreaRows, area_tree_resize) {
    takes_no_memory([&] { area_tree_resize(&areas, &made[1], pages_at(VA + 4 * PAGE_SIZE, 1)); });
}

TEST_P(AreaRows, area_tree_find) {
    expect_found(area_tree_find, VA, &made[0]);
}

TEST_P(AreaRows, area_tree_find_again) {
    takes_no_memory([&] {
        EXPECT_EQ(area_tree_find_again(&areas, virt_addr(VA)), &made[0]);
        EXPECT_EQ(area_tree_find_again(&areas, virt_addr(VA)), &made[0]);
    });
}

TEST_P(AreaRows, area_tree_find_from) {
    expect_found(area_tree_find_from, VA + 2 * PAGE_SIZE, &made[1]);
}

TEST_P(AreaRows, area_tree_find_below) {
    expect_found(area_tree_find_below, VA + 2 * PAGE_SIZE, &made[0]);
}

TEST_P(AreaRows, area_tree_first) {
    takes_no_memory([&] { EXPECT_EQ(area_tree_first(&areas), &made[0]); });
}

TEST_P(AreaRows, area_next) {
    takes_no_memory([&] { EXPECT_EQ(area_next(&made[0]), &made[1]); });
}

TEST_P(AreaRows, area_previous) {
    takes_no_memory([&] { EXPECT_EQ(area_previous(&made[1]), &made[0]); });
}

TEST_P(AreaRows, area_tree_overlaps) {
    takes_no_memory([&] { EXPECT_TRUE(area_tree_overlaps(&areas, pages_at(VA, 9))); });
}

TEST_P(AreaRows, area_tree_covers) {
    takes_no_memory([&] { EXPECT_FALSE(area_tree_covers(&areas, pages_at(VA, 9))); });
}

TEST_P(AreaRows, area_tree_find_lowest_gap) {
    expect_gap(area_tree_find_lowest_gap, VA + 2 * PAGE_SIZE);
}

TEST_P(AreaRows, area_tree_find_highest_gap) {
    expect_gap(area_tree_find_highest_gap, VA + 98 * PAGE_SIZE);
}

SWEEP_EVERY_MACHINE(AuditRows);
SWEEP_EVERY_MACHINE(AreaRows);

} // namespace
