#include <gtest/gtest.h>

#include "host_tests/sweep/sweep.h"
#include "mm/addr/layout.h"
#include "mm/space/kernel_space.h"

namespace {

constexpr page_attributes WRITABLE = {READ_WRITE, CACHE_WRITE_BACK, 0};
constexpr uint64_t FAR = KERNEL_RANGES_BASE + 200 * GIB; /* where no tables are yet */

class KernelRows : public SweepTest {
  protected:
    static struct virt_range reserve(uint64_t page_count) {
        struct virt_range range = {};
        EXPECT_EQ(kernel_range_reserve(page_count, PAGE_SIZE, "range", &range), STATUS_OK);
        return range;
    }
    static void release(struct virt_range range) {
        EXPECT_EQ(kernel_range_free(range.start), STATUS_OK);
    }
};

TEST_P(KernelRows, kernel_space) {
    takes_no_memory([&] { EXPECT_NE(kernel_space(), nullptr); });
}

TEST_P(KernelRows, kernel_range_reserve_at) {
    struct virt_range range = pages_at(FAR, 3);
    EXPECT_EQ(fails([&] { return kernel_range_reserve_at(range, "range"); }), 1u);
    release(range);
}

TEST_P(KernelRows, kernel_range_reserve) {
    struct virt_range range = {};
    auto operation = [&] { return kernel_range_reserve(3, 2 * MIB, "range", &range); };
    EXPECT_EQ(fails(operation), 3u) << "the range and its guards";
    release(range);
}

TEST_P(KernelRows, kernel_range_fill) {
    struct virt_range range = pages_at(FAR + GIB - 2 * PAGE_SIZE, 4);
    ASSERT_EQ(kernel_range_reserve_at(range, "range"), STATUS_OK);
    EXPECT_EQ(fails([&] { return kernel_range_fill(range, WRITABLE); }), 8u)
        << "four frames, two tables on each side of the GiB's end";
    release(range);
}

TEST_P(KernelRows, kernel_range_alloc) {
    struct virt_range range = {};
    EXPECT_EQ(fails([&] { return kernel_range_alloc(4, "range", &range); }), 9u)
        << "three areas, four frames, two tables";
    release(range);
}

TEST_P(KernelRows, kernel_range_adopt) {
    struct virt_range range = reserve(2);
    page_table *table = table_of(kernel_space());
    ASSERT_EQ(page_table_map(table, range, phys_addr(DEVICE),
                             {READ_WRITE | RIGHT_GLOBAL, CACHE_WRITE_BACK, 0}, 0),
              STATUS_OK);
    takes_no_memory_and_succeeds([&] { return kernel_range_adopt(range, READ_WRITE); });
    release(range);
}

TEST_P(KernelRows, kernel_range_map_device) {
    void *address = nullptr;
    auto operation = [&] {
        return kernel_range_map_device(phys_addr(DEVICE + 8), PAGE_SIZE, CACHE_UNCACHED, "device",
                                       &address);
    };
    EXPECT_EQ(fails(operation), 5u) << "three areas, two tables";
    EXPECT_EQ(kernel_range_unmap_device(address), STATUS_OK);
}

TEST_P(KernelRows, kernel_range_free) {
    struct virt_range range = {};
    ASSERT_EQ(kernel_range_alloc(40, "range", &range), STATUS_OK);
    takes_no_memory_and_succeeds([&] { return kernel_range_free(range.start); });
}

TEST_P(KernelRows, kernel_range_unmap_device) {
    void *address = nullptr;
    ASSERT_EQ(kernel_range_map_device(phys_addr(DEVICE), 3, CACHE_UNCACHED, "device", &address),
              STATUS_OK);
    takes_no_memory_and_succeeds([&] { return kernel_range_unmap_device(address); });
}

SWEEP_EVERY_MACHINE(KernelRows);

} // namespace
