#include "host_tests/history/findings.h"
#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/paging/page_table.h"

/*
 * What the historical bugs of whole address spaces need to show themselves. Each story passes; the
 * catalogue names the one that must fail, and the words of the audit, once a bug is made again.
 */

namespace {

constexpr uint64_t VA = SPACE_IMAGE_BASE;
constexpr uint8_t READ_WRITE = RIGHT_READ | RIGHT_WRITE;
constexpr uint64_t DEVICE = 3 * GIB; /* not RAM */
constexpr page_attributes KERNEL_RW = {RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL, CACHE_WRITE_BACK,
                                       0};

class SpaceHistory : public SpaceTest {
  protected:
    void TearDown() override {
        report("at the end of the story");
        SpaceTest::TearDown();
    }

    void report(const std::string &when) {
        report_findings(pc(), when);
    }

    /* Device memory in leaves of up to `level`, in a kernel range of its own. */
    struct virt_range map_large(uint64_t page_count, unsigned level) {
        struct virt_range range = {};
        EXPECT_EQ(kernel_range_reserve(page_count, page_count << PAGE_SHIFT, "window", &range),
                  STATUS_OK);
        EXPECT_EQ(page_table_map(kernel_table(), range, phys_addr(DEVICE), KERNEL_RW, level),
                  STATUS_OK);
        EXPECT_EQ(kernel_range_adopt(range, READ_WRITE), STATUS_OK);
        return range;
    }

    /* Stories below mm/space; nothing else changes the table meanwhile. */
    static page_table *kernel_table() {
        return const_cast<page_table *>(space_page_table(kernel_space()));
    }
};

TEST_F(SpaceHistory, TheKernelHasBooted) {
    report("after the boot");
}

TEST_F(SpaceHistory, TheKernelGrowsWhileAProcessLives) {
    address_space *space = create();
    struct virt_range range;
    ASSERT_EQ(kernel_range_alloc(2, "stack", &range), STATUS_OK);
    report("while the process lives");
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
    destroy(space);
}

TEST_F(SpaceHistory, AProcessUsesMemory) {
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 3, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 3), STATUS_OK);
    report("while the memory is used");
    destroy(space);
}

TEST_F(SpaceHistory, AProcessGivesMemoryBack) {
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 3, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 3), STATUS_OK);
    ASSERT_EQ(unmap(space, VA, 3), STATUS_OK);
    report("when it has been given back");
    destroy(space);
}

TEST_F(SpaceHistory, AProcessMakesItsMemoryReadOnly) {
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 3, READ_WRITE), STATUS_OK);
    ASSERT_EQ(populate(space, VA, 3), STATUS_OK);
    ASSERT_EQ(protect(space, VA, 3, RIGHT_READ), STATUS_OK);
    report("when it is read-only");
    destroy(space);
}

TEST_F(SpaceHistory, ALargePageOfADeviceIsCut) {
    struct virt_range range = map_large(TABLE_ENTRIES, 1);
    tlb_gather gather;
    tlb_gather_begin(&gather, kernel_table());
    struct virt_range first = virt_range(range.start, 1);
    EXPECT_EQ(page_table_protect(kernel_table(), first, KERNEL_RW, &gather), STATUS_OK);
    tlb_gather_finish(&gather);
    report("when it is cut");
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

TEST_F(SpaceHistory, ADeviceAboveAllMemoryIsAskedFor) {
    void *address = nullptr;
    uint64_t too_high = 1ull << platform_features()->phys_addr_bits;
    if (kernel_range_map_device(phys_addr(too_high), PAGE_SIZE, CACHE_UNCACHED, "device",
                                &address) == STATUS_OK) {
        report("when it is mapped");
    }
}

/* A parent on CPU 0 that has written to its memory, and its child on CPU 1. */
class ForkHistory : public SpaceHistory {
  protected:
    void SetUp() override {
        SpaceHistory::SetUp();
        parent = create("parent");
        space_switch(parent);
        ASSERT_EQ(map(parent, VA, 2, READ_WRITE), STATUS_OK);
        ASSERT_TRUE(write_as_user(VA, 1, 0).succeeded());
        ASSERT_EQ(space_fork(parent, "child", &child), STATUS_OK);
        pc().run_on(1);
        space_switch(child);
        pc().run_on(0);
    }

    void TearDown() override {
        report("while both live");
        for (unsigned id : {1u, 0u}) {
            pc().run_on(id);
            space_switch(kernel_space());
        }
        destroy(child);
        destroy(parent);
        SpaceHistory::TearDown();
    }

    address_space *parent = nullptr;
    address_space *child = nullptr;
};

TEST_F(ForkHistory, NobodyHasWrittenYet) {}

TEST_F(ForkHistory, TheChildWrites) {
    EXPECT_TRUE(write_as_user(VA, 2, 1).succeeded());
}

TEST_F(ForkHistory, BothWrite) {
    EXPECT_TRUE(write_as_user(VA, 2, 1).succeeded());
    EXPECT_TRUE(write_as_user(VA, 3, 0).succeeded());
}

TEST_F(ForkHistory, TheKernelWritesForTheChild) {
    uint64_t value = 2;
    EXPECT_EQ(space_write(child, virt_addr(VA), &value, sizeof value, nullptr), STATUS_OK);
    EXPECT_EQ(read_as_user(VA, 0).value, 1u) << "what the parent has";
}

TEST_F(ForkHistory, AnotherPageOfTheTableIsWritten) {
    EXPECT_TRUE(write_as_user(VA + PAGE_SIZE, 2, 1).succeeded());
    EXPECT_TRUE(write_as_user(VA + PAGE_SIZE, 3, 0).succeeded());
    report("when the parent has its table for itself");
}

TEST_F(ForkHistory, WhatWasReadBecomesWritable) {
    ASSERT_EQ(protect(parent, VA, 2, RIGHT_READ), STATUS_OK);
    EXPECT_TRUE(read_as_user(VA + PAGE_SIZE, 0).succeeded());
    ASSERT_EQ(protect(parent, VA, 2, READ_WRITE), STATUS_OK);
}

class NoHugePagesHistory : public SpaceHistory {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.control.has_1g_leaves = false;
        return config;
    }
};

TEST_F(NoHugePagesHistory, MuchDeviceMemoryIsMapped) {
    struct virt_range range = map_large(TABLE_ENTRIES * TABLE_ENTRIES, 2);
    report("when it is mapped");
    ASSERT_EQ(kernel_range_free(range.start), STATUS_OK);
}

class NoExecuteDisableHistory : public SpaceHistory {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.control.nxe = false;
        return config;
    }
};

TEST_F(NoExecuteDisableHistory, AProcessUsesDataThatCannotBeExecuted) {
    address_space *space = create();
    ASSERT_EQ(map(space, VA, 1, READ_WRITE), STATUS_OK);
    report("while the memory is used");
    destroy(space);
}

} // namespace
