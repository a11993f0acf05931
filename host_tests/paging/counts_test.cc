#include "host_tests/machine/moments.h"
#include "host_tests/paging/paging_test.h"

/* Counts that several CPUs change: what another one adds at any moment is not lost. */

namespace {

constexpr uint64_t VA = 11 * GIB;

class CountsTest : public PagingTest {
  protected:
    void SetUp() override {
        PagingTest::SetUp();
        pages = new_frames(1);
        ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), pages.data(), USER_RW), STATUS_OK);
        ASSERT_EQ(page_table_map_frames(&other, pages_at(VA, 1), pages.data(), USER_RW), STATUS_OK);
    }

    void TearDown() override {
        EXPECT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
        PagingTest::TearDown();
    }

    uint32_t &count() {
        return frame_of(pages[0])->map_count;
    }

    /* How often another CPU counted the frame up during `code`; taken back afterwards. */
    uint32_t counted_during(const std::function<void()> &code) {
        uint64_t times = machine::act_between_instructions(
            pc(), code, [this] { __atomic_fetch_add(&count(), 1, __ATOMIC_SEQ_CST); });
        EXPECT_GT(times, 0u) << "nobody else has counted";
        return static_cast<uint32_t>(times);
    }

    std::vector<phys_addr_t> pages;
};

TEST_F(CountsTest, AFrameThatAnotherCpuMapsWhileItIsUnmappedKeepsItsCount) { // F2, G2
    enum status status = STATUS_BUSY;
    uint32_t times = counted_during([&] {
        tlb_gather gather;
        tlb_gather_begin(&gather, &other);
        status = page_table_unmap(&other, pages_at(VA, 1), &gather, nullptr);
        tlb_gather_finish(&gather);
    });
    EXPECT_EQ(status, STATUS_OK);
    EXPECT_EQ(count(), 1 + times);
    count() -= times;
}

TEST_F(CountsTest, AFrameThatIsUnmappedWithoutBeingFreedKeepsTheCountOfOthers) { // F2
    enum status status = STATUS_BUSY;
    uint32_t times = counted_during([&] {
        tlb_gather gather;
        tlb_gather_begin(&gather, &other);
        status = page_table_unmap_keeping_frames(&other, pages_at(VA, 1), &gather, nullptr);
        tlb_gather_finish(&gather);
    });
    EXPECT_EQ(status, STATUS_OK);
    EXPECT_EQ(count(), 1 + times);
    count() -= times;
}

} // namespace
