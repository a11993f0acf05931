#include "kernel/symbols/symbols.h"

#include <gtest/gtest.h>

namespace {

constexpr uint64_t kBase = 0xffffffff80000000;
const symbol kSymbols[] = {{0x0, 0}, {0x40, 7}, {0x100, 12}};
const symbol_table kTable = {kBase, kSymbols, 3, "_start\0main\0last", kBase + 0x200};

TEST(Symbols, AnAddressIsNamedByTheFunctionItLiesIn) {
    uint64_t offset;
    EXPECT_STREQ(symbol_find(&kTable, kBase, &offset), "_start");
    EXPECT_EQ(offset, 0u);
    EXPECT_STREQ(symbol_find(&kTable, kBase + 0x3f, &offset), "_start");
    EXPECT_EQ(offset, 0x3fu);
    EXPECT_STREQ(symbol_find(&kTable, kBase + 0x40, &offset), "main");
    EXPECT_STREQ(symbol_find(&kTable, kBase + 0x1ff, &offset), "last");
    EXPECT_EQ(offset, 0xffu);
}

TEST(Symbols, AnAddressOutsideTheCodeHasNoName) {
    uint64_t offset;
    EXPECT_EQ(symbol_find(&kTable, kBase - 1, &offset), nullptr);
    EXPECT_EQ(symbol_find(&kTable, kBase + 0x200, &offset), nullptr);
}

TEST(Symbols, AnEmptyTableNamesNothing) {
    const symbol_table empty = {kBase, kSymbols, 0, "", 0};
    uint64_t offset;
    EXPECT_EQ(symbol_find(&empty, kBase, &offset), nullptr);
}

} // namespace
