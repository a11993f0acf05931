#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "host_tests/models/choices.h"

/*
 * A model is a fixture that is made from its `choices`, with `step()`, which does one random
 * operation and compares what became of it with what the model says, and `check()`, which checks
 * the invariants. Its `idle_steps` are those that could not do what had come up. A test plays it
 * from a seed, a fuzzer from its bytes.
 */

/* Operations for one test: MODEL_STEPS of the environment, or `brief`. */
uint64_t model_steps(uint64_t brief);

/* MODEL_SEED of the environment, or 0. */
std::string asked_for_seed();

/* What that and the running test's name give: no two tests play alike. */
uint64_t model_seed();

/* For the record of the test: what the long run counts. */
void record_model_operations(uint64_t operations);

template <typename Model> void take_steps(Model &model, uint64_t brief) {
    const uint64_t steps = model_steps(brief);
    for (uint64_t step = 0; step < steps; step++) {
        model.step();
        model.check();
        ASSERT_FALSE(testing::Test::HasFailure())
            << "at step " << step << " of MODEL_SEED=" << asked_for_seed();
    }
    record_model_operations(steps - model.idle_steps);
}

/* A model outside of a GoogleTest program: a failure aborts. */
void abort_at_failures();

template <typename Model> int fuzz_model(const uint8_t *bytes, size_t size) {
    class Played : public Model {
      public:
        using Model::Model;

        void play() {
            this->SetUp();
            while (!this->choices.have_ended()) {
                this->step();
                this->check();
            }
            this->TearDown();
        }

      private:
        void TestBody() override {}
    };
    abort_at_failures();
    Played(Choices(bytes, size)).play();
    return 0;
}
