#include <random>

#include "host_tests/models/model_run.h"
#include "host_tests/paging/page_table_model.h"

namespace {

class PageTableModelTest : public PageTableModel, public testing::WithParamInterface<PagingSetup> {
  protected:
    PageTableModelTest() : PageTableModel(GetParam(), Choices(model_seed())) {}

    std::mt19937_64 speculation_{~model_seed()};
};

TEST_P(PageTableModelTest, RandomOperationsDoWhatTheModelSays) {
    take_steps<PageTableModel>(*this, 300);
}

TEST_P(PageTableModelTest, RandomOperationsLeaveNothingToCpusThatSpeculate) {
    pc().at_every_chance([this] {
        uint64_t block = speculation_() % (SIZE_BYTES / (2 * MIB));
        uint64_t page = speculation_() % TABLE_ENTRIES;
        uint64_t va = FIRST + block * 2 * MIB + page * PAGE_SIZE;
        cpu(page % 2).speculate(va, 16 * PAGE_SIZE);
    });
    take_steps<PageTableModel>(*this, 150);
    pc().at_every_chance(nullptr);
}

INSTANTIATE_TEST_SUITE_P(Machines, PageTableModelTest, testing::ValuesIn(EVERY_MACHINE),
                         name_of_setup);

} // namespace
