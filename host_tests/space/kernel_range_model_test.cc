#include "host_tests/models/model_run.h"
#include "host_tests/space/kernel_range_model.h"

namespace {

class KernelRangeModelTest : public KernelRangeModel, public testing::WithParamInterface<unsigned> {
  protected:
    KernelRangeModelTest() : KernelRangeModel(Choices(model_seed())) {}
};

TEST_P(KernelRangeModelTest, RandomOperationsDoWhatAMapOfRangesSays) {
    take_steps<KernelRangeModel>(*this, 400);
}

INSTANTIATE_TEST_SUITE_P(Runs, KernelRangeModelTest, testing::Values(1, 2, 3, 4));

} // namespace
