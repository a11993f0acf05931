#include "kernel/cpu/exception_table.h"

#include <gtest/gtest.h>

namespace {

constexpr exception_entry TABLE[] = {{0x1000, 0x2000}, {0x500, 0x2010}, {0x1004, 0x2020}};

TEST(ExceptionTableTest, FindsTheRecoveryOfEachInstructionInAnyOrder) {
    EXPECT_EQ(exception_table_find(TABLE, 3, 0x1000), 0x2000u);
    EXPECT_EQ(exception_table_find(TABLE, 3, 0x500), 0x2010u);
    EXPECT_EQ(exception_table_find(TABLE, 3, 0x1004), 0x2020u);
}

TEST(ExceptionTableTest, AnInstructionBesideOneThatMayFaultMayNot) {
    EXPECT_EQ(exception_table_find(TABLE, 3, 0x1001), 0u);
    EXPECT_EQ(exception_table_find(TABLE, 3, 0xfff), 0u);
}

TEST(ExceptionTableTest, AnEmptyTableRecoversNothing) {
    EXPECT_EQ(exception_table_find(nullptr, 0, 0x1000), 0u);
}

} // namespace
