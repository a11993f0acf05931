#include "host_tests/models/model_run.h"

#include <cstdlib>
#include <numeric>
#include <string>

uint64_t model_steps(uint64_t brief) {
    const char *wanted = getenv("MODEL_STEPS");
    return wanted == nullptr ? brief : std::stoull(wanted);
}

std::string asked_for_seed() {
    const char *wanted = getenv("MODEL_SEED");
    return wanted == nullptr ? "0" : wanted;
}

uint64_t model_seed() {
    const testing::TestInfo *test = testing::UnitTest::GetInstance()->current_test_info();
    std::string name =
        std::string(test->test_suite_name()) + "." + test->name() + " " + asked_for_seed();
    constexpr uint64_t fnv_basis = 0xcbf29ce484222325;
    constexpr uint64_t fnv_prime = 0x100000001b3;
    return std::accumulate(name.begin(), name.end(), fnv_basis, [](uint64_t hash, char byte) {
        return (hash ^ static_cast<unsigned char>(byte)) * fnv_prime;
    });
}

void record_model_operations(uint64_t operations) {
    testing::Test::RecordProperty("operations", std::to_string(operations));
}

void abort_at_failures() {
    GTEST_FLAG_SET(break_on_failure, true);
}
