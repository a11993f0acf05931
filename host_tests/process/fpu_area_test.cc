#include "kernel/cpu/fpu_area.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace {

constexpr uint64_t kStates = 7; // x87, SSE, AVX
constexpr fpu_rules kRules = {0xffbf, kStates};

class FpuAreaTest : public ::testing::Test {
  protected:
    void PutMxcsr(uint32_t value) {
        memcpy(area_.data() + FPU_OFFSET_MXCSR, &value, sizeof(value));
    }

    void PutHeader(size_t word, uint64_t value) {
        memcpy(area_.data() + FPU_LEGACY_SIZE_BYTES + word * sizeof(value), &value, sizeof(value));
    }

    std::vector<char> area_ = std::vector<char>(FPU_LEGACY_SIZE_BYTES + FPU_HEADER_SIZE_BYTES);
};

TEST_F(FpuAreaTest, WhatTheCpuSavedCanBeRestored) {
    PutMxcsr(0x1f80);
    PutHeader(0, kStates);
    EXPECT_TRUE(fpu_area_is_valid(area_.data(), &kRules));
}

TEST_F(FpuAreaTest, BitsOfMxcsrThatTheCpuLacksAreRefused) {
    PutMxcsr(0x10000);
    EXPECT_FALSE(fpu_area_is_valid(area_.data(), &kRules));
}

TEST_F(FpuAreaTest, AStateThatIsNotEnabledIsRefused) {
    PutHeader(0, kStates | 1ull << 9);
    EXPECT_FALSE(fpu_area_is_valid(area_.data(), &kRules));
}

TEST_F(FpuAreaTest, TheCompactedFormIsRefused) {
    PutHeader(1, 1ull << 63);
    EXPECT_FALSE(fpu_area_is_valid(area_.data(), &kRules));
}

TEST_F(FpuAreaTest, ReservedBytesOfTheHeaderMustBeZero) {
    PutHeader(7, 1);
    EXPECT_FALSE(fpu_area_is_valid(area_.data(), &kRules));
}

TEST_F(FpuAreaTest, WithoutXsaveThereIsNoHeaderToLookAt) {
    const fpu_rules rules = {0xffbf, 0};
    EXPECT_TRUE(fpu_area_is_valid(std::vector<char>(FPU_LEGACY_SIZE_BYTES).data(), &rules));
}

} // namespace
