#include "host_tests/models/model_run.h"
#include "host_tests/object/memory_object_model.h"

namespace {

class MemoryObjectModelTest : public MemoryObjectModel,
                              public testing::WithParamInterface<unsigned> {
  protected:
    MemoryObjectModelTest() : MemoryObjectModel(Choices(model_seed())) {}
};

TEST_P(MemoryObjectModelTest, RandomOperationsDoWhatAMapOfPagesSays) {
    take_steps<MemoryObjectModel>(*this, 250);
}

INSTANTIATE_TEST_SUITE_P(Runs, MemoryObjectModelTest, testing::Values(1, 2, 3, 4));

} // namespace
