#include "host_tests/models/model_run.h"

#include <cstdlib>
#include <string>

uint64_t model_steps(uint64_t brief) {
    const char *wanted = getenv("MODEL_STEPS");
    return wanted == nullptr ? brief : std::stoull(wanted);
}

void record_model_steps(uint64_t steps) {
    testing::Test::RecordProperty("operations", std::to_string(steps));
}

void abort_at_failures() {
    GTEST_FLAG_SET(break_on_failure, true);
}
