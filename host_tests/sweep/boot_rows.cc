#include <gtest/gtest.h>

#include <optional>

#include "host_tests/sweep/sweep.h"
#include "mm/addr/layout.h"
#include "mm/frame/early.h"
#include "mm/space/kernel_space.h"
#include "mm/space/zero_page.h"

/*
 * What runs once, from power-on to the frame allocator. What the early allocator gave is lost when
 * a later step fails, and nothing else has happened: no CPU has loaded a root, and no table that
 * was there has changed.
 */

namespace {

class BootRows : public MachineTest {
  protected:
    machine::Config config() const override {
        machine::Config config;
        config.ram = {{0, 0x9f000}, {MIB, 15 * MIB}};
        return config;
    }

    void SetUp() override {
        SweepLedger::begin();
        MachineTest::SetUp();
        power_on();
    }

    void TearDown() override {
        EXPECT_TRUE(SweepLedger::has_run()) << "this row has swept nothing";
        MachineTest::TearDown();
    }

    /* The early allocator runs, and the kernel's space does not exist yet. */
    void power_on() {
        boot.emplace(pc());
        boot->begin(firmware_memory_map(pc()));
    }

    void power_on_and_build() {
        power_on();
        ASSERT_EQ(boot->build(KernelBoot::sections()), STATUS_OK);
    }

    /*
     * Runs the operation from power-on with each of its allocations failing. After an error the
     * CPUs translate as before, and the early allocator goes on where it stands. An operation that
     * makes do with less may succeed where one allocation alone fails.
     */
    uint64_t fails_at_boot(const std::function<status()> &operation) {
        for (uint64_t number = 1; number < 100; number++) {
            uint64_t asked;
            status result = fail_at(number, Failure::ONCE, operation, &asked);
            if (asked < number) {
                EXPECT_EQ(result, STATUS_OK);
                SweepLedger::add(2 * asked);
                return asked;
            }
            EXPECT_EQ(fail_at(number, Failure::FROM_THERE_ON, operation, &asked), STATUS_NO_MEMORY)
                << "from allocation " << number << " on";
        }
        ADD_FAILURE() << "never succeeds";
        return 0;
    }

    status fail_at(uint64_t number, Failure failure, const std::function<status()> &operation,
                   uint64_t *asked) {
        power_on();
        status result;
        {
            FailingAllocations failing(number, failure);
            result = operation();
            *asked = failing.asked();
        }
        if (result != STATUS_OK) {
            EXPECT_EQ(result, STATUS_NO_MEMORY) << "allocation " << number;
            expect_still_at_boot();
        }
        return result;
    }

    void expect_still_at_boot() {
        phys_addr_t pa;
        EXPECT_EQ(early_alloc(1, PAGE_SIZE, &pa), STATUS_OK);
        EXPECT_EQ(pc().flush_counts().requests, 0u);
        EXPECT_EQ(cpu().root(), 0u);
    }

    void takes_no_memory(const std::function<void()> &operation) {
        FailingAllocations failing(1, Failure::FROM_THERE_ON);
        operation();
        EXPECT_EQ(failing.asked(), 0u);
        SweepLedger::add(0);
    }

    /* Ends the early allocator, with a frame array of the test's. */
    void start_frames() {
        array.resize(frame_array_size_bytes(&boot->map()) / sizeof(struct frame));
        frame_init(array.data(), &boot->map());
    }

    std::optional<KernelBoot> boot;
    std::vector<struct frame> array;
};

TEST_F(BootRows, early_begin) {
    takes_no_memory([&] { early_begin(&boot->map(), phys_addr(UINT64_MAX)); });
}

/* Its memory is a table of a fixed size. */
TEST_F(BootRows, early_reserve) {
    takes_no_memory([&] {
        unsigned runs = 1; /* the image is one */
        phys_addr_t pa = phys_addr(8 * MIB);
        for (; early_reserve(pa, 1) == STATUS_OK && runs < 1000; runs++) {
            pa = phys_add(pa, 2 * PAGE_SIZE);
        }
        EXPECT_EQ(runs, EARLY_RUN_MAX);
        EXPECT_EQ(early_reserve(phys_addr(8 * MIB), 3 * PAGE_SIZE), STATUS_OK) << "joins two";
        EXPECT_EQ(early_reserve(pa, 1), STATUS_OK);
    });
    SweepLedger::add(1);
}

/* Memory itself ends here, and then the table of runs. */
TEST_F(BootRows, early_alloc) {
    phys_addr_t first, pa = phys_addr(7);
    ASSERT_EQ(early_alloc(1, PAGE_SIZE, &first), STATUS_OK);
    EXPECT_EQ(early_alloc(16 * MIB >> PAGE_SHIFT, PAGE_SIZE, &pa), STATUS_NO_MEMORY);
    EXPECT_EQ(pa.value, 7u);
    ASSERT_EQ(early_alloc(1, PAGE_SIZE, &pa), STATUS_OK);
    EXPECT_EQ(pa.value, first.value + PAGE_SIZE);
    for (uint64_t at = 8 * MIB; early_reserve(phys_addr(at), 1) == STATUS_OK;) {
        at += 2 * PAGE_SIZE;
    }
    EXPECT_EQ(early_alloc(1, 2 * MIB, &pa), STATUS_NO_MEMORY) << "no run is left for it";
    ASSERT_EQ(early_alloc(1, PAGE_SIZE, &pa), STATUS_OK) << "which joins the run before it";
    EXPECT_EQ(pa.value, first.value + 2 * PAGE_SIZE);
    SweepLedger::add(2);
}

TEST_F(BootRows, page_table_create_kernel) {
    page_table table;
    EXPECT_EQ(fails_at_boot([&] { return page_table_create_kernel(&table); }), 1u);
}

TEST_F(BootRows, page_table_reserve_BeforeThereAreFrames) {
    page_table table;
    ASSERT_EQ(page_table_create_kernel(&table), STATUS_OK);
    const uint64_t *root = static_cast<uint64_t *>(platform_phys_to_virt(table.root));
    std::vector<uint64_t> before(root, root + TABLE_ENTRIES);
    for (uint64_t number = 1; number <= 3; number++) {
        FailingAllocations failing(number, Failure::ONCE);
        EXPECT_EQ(page_table_reserve(&table, pages_at(DIRECT_MAP_BASE, 1), 0), STATUS_NO_MEMORY);
        EXPECT_EQ(std::vector<uint64_t>(root, root + TABLE_ENTRIES), before);
    }
    FailingAllocations failing(4, Failure::ONCE);
    EXPECT_EQ(page_table_reserve(&table, pages_at(DIRECT_MAP_BASE, 1), 0), STATUS_OK);
    SweepLedger::add(3);
}

/* Where there is no large piece for the frame array it consists of small ones. */
TEST_F(BootRows, kernel_space_build) {
    auto operation = [&] {
        status result = boot->build(KernelBoot::sections());
        if (result == STATUS_OK) {
            EXPECT_EQ(boot->summary().direct_map_bytes, 0x9f000 + 15 * MIB);
            EXPECT_EQ(boot->summary().frame_array_bytes, 4096 * sizeof(struct frame));
        }
        return result;
    };
    EXPECT_GT(fails_at_boot(operation), 10u);
}

TEST_F(BootRows, zero_page_build) {
    EXPECT_EQ(fails_at_boot(zero_page_build), 1u);
}

TEST_F(BootRows, kernel_space_activate) {
    power_on_and_build();
    takes_no_memory(kernel_space_activate);
    EXPECT_TRUE(cpu().read(DIRECT_MAP_BASE + MIB).succeeded());
}

TEST_F(BootRows, kernel_space_start_with) {
    power_on_and_build();
    takes_no_memory([&] { boot->start(); });
    EXPECT_EQ(frame_state_of(phys_addr(15 * MIB)), FRAME_FREE);
}

TEST_F(BootRows, frame_init) {
    takes_no_memory([&] { start_frames(); });
    EXPECT_EQ(frame_state_of(phys_addr(15 * MIB)), FRAME_FREE);
}

TEST_F(BootRows, page_table_adopt_kernel) {
    page_table table;
    ASSERT_EQ(page_table_create_kernel(&table), STATUS_OK);
    start_frames();
    takes_no_memory([&] { page_table_adopt_kernel(&table); });
    EXPECT_EQ(frame_state_of(table.root), FRAME_TABLE);
}

} // namespace
