#include "kernel/boot/boot_info_check.h"

#include <gtest/gtest.h>

#include "host_tests/kernel/captured_text.h"
#include "host_tests/kernel/right_boot_info.h"

namespace {

class BootInfoCheckTest : public ::testing::Test {
  protected:
    void ExpectRefused(const std::string &number) {
        EXPECT_FALSE(boot_info_check(&info_, said_.sink()));
        EXPECT_EQ(said_.number(), number) << said_.text();
    }

    boot_info info_ = RightBootInfo();
    CapturedText said_;
};

TEST_F(BootInfoCheckTest, WhatTheLoaderSaysIsBelieved) {
    EXPECT_TRUE(boot_info_check(&info_, said_.sink()));
    EXPECT_EQ(said_.text(), "");
}

TEST_F(BootInfoCheckTest, ThereNeedBeNeitherRamDiskNorCommandLine) {
    info_.ram_disk = {0xdeadbeefdeadbeef, 0};
    info_.command_line = {0xdeadbeefdeadbeef, 0};
    EXPECT_TRUE(boot_info_check(&info_, said_.sink()));
}

TEST_F(BootInfoCheckTest, ANewerLoaderMayKnowMore) {
    info_.size_bytes += 64;
    EXPECT_TRUE(boot_info_check(&info_, said_.sink()));
}

TEST_F(BootInfoCheckTest, AnotherLoadersBlockIsRefused) {
    info_.magic = 0x36d76289;
    ExpectRefused("K101");
}

TEST_F(BootInfoCheckTest, AnotherVersionIsRefused) {
    info_.version++;
    ExpectRefused("K102");
}

TEST_F(BootInfoCheckTest, AShorterBlockIsRefused) {
    info_.size_bytes--;
    ExpectRefused("K102");
}

TEST_F(BootInfoCheckTest, AKernelOfNoBytesIsRefused) {
    info_.kernel.size_bytes = 0;
    ExpectRefused("K103");
}

TEST_F(BootInfoCheckTest, AKernelThatIsNotAlignedIsRefused) {
    info_.kernel.phys = 0x201000;
    ExpectRefused("K103");
}

TEST_F(BootInfoCheckTest, AKernelAtAnotherAddressIsRefused) {
    info_.kernel_virt = 0xffffffff81000000;
    ExpectRefused("K103");
}

TEST_F(BootInfoCheckTest, ARamDiskThatEndsAbove4GiBIsRefused) {
    info_.ram_disk = {0xfffff000, 0x1001};
    ExpectRefused("K104");
}

TEST_F(BootInfoCheckTest, ARamDiskThatEndsAt4GiBIsNot) {
    info_.ram_disk = {0xfffff000, 0x1000};
    EXPECT_TRUE(boot_info_check(&info_, said_.sink()));
}

TEST_F(BootInfoCheckTest, ACommandLineWhoseSizeWrapsIsRefused) {
    info_.command_line = {0x500000, ~0ull - 0x1000};
    ExpectRefused("K104");
}

TEST_F(BootInfoCheckTest, AnEmptyMemoryMapIsRefused) {
    info_.memory_map_count = 0;
    ExpectRefused("K105");
}

TEST_F(BootInfoCheckTest, AMemoryMapOfTooManyEntriesIsRefused) {
    info_.memory_map_count = BOOT_MEMORY_MAP_MAX + 1;
    ExpectRefused("K105");
}

TEST_F(BootInfoCheckTest, MoreUsesThanFitTheBlockAreRefused) {
    info_.memory_use_count = BOOT_MEMORY_USE_MAX + 1;
    ExpectRefused("K106");
}

TEST_F(BootInfoCheckTest, AUseThatCannotBeIsRefused) {
    info_.memory_use[0].phys = 1ull << 40;
    ExpectRefused("K107");
}

} // namespace
