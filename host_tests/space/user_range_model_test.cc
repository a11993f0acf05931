#include "host_tests/models/model_run.h"
#include "host_tests/space/user_range_model.h"

namespace {

class UserRangeModelTest : public UserRangeModel, public testing::WithParamInterface<unsigned> {
  protected:
    UserRangeModelTest() : UserRangeModel(Choices(model_seed())) {}
};

TEST_P(UserRangeModelTest, RandomOperationsDoWhatAMapOfPagesSays) {
    take_steps<UserRangeModel>(*this, 250);
}

INSTANTIATE_TEST_SUITE_P(Runs, UserRangeModelTest, testing::Values(1, 2, 3, 4));

} // namespace
