#include "host_tests/models/model_run.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

namespace {

/* Every other step of it does nothing. */
struct LazyModel {
    uint64_t steps = 0;
    uint64_t idle_steps = 0;

    void step() {
        idle_steps += ++steps % 2;
    }
    void check() {}
};

class ModelRunTest : public testing::TestWithParam<unsigned> {
  protected:
    void SetUp() override {
        unsetenv("MODEL_SEED");
        unsetenv("MODEL_STEPS");
    }
    void TearDown() override {
        unsetenv("MODEL_SEED");
    }
};

TEST_F(ModelRunTest, StepsThatDidNothingAreNotCounted) {
    LazyModel model;
    take_steps(model, 10);
    EXPECT_EQ(model.steps, 10u);
    const testing::TestInfo *test = testing::UnitTest::GetInstance()->current_test_info();
    EXPECT_STREQ(test->result()->GetTestProperty(0).key(), "operations");
    EXPECT_STREQ(test->result()->GetTestProperty(0).value(), "5");
}

TEST_F(ModelRunTest, ATestHasTheSameSeedEachTimeUntilAnotherIsAskedFor) {
    uint64_t seed = model_seed();
    EXPECT_EQ(model_seed(), seed);
    setenv("MODEL_SEED", "1", true);
    EXPECT_NE(model_seed(), seed);
}

TEST_P(ModelRunTest, EachRunOfATestHasASeedOfItsOwn) {
    static uint64_t seed_before = 0;
    EXPECT_NE(model_seed(), seed_before);
    seed_before = model_seed();
}

INSTANTIATE_TEST_SUITE_P(Runs, ModelRunTest, testing::Values(0, 1, 2));

} // namespace
