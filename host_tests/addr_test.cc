#include "mm/addr/addr.h"

#include <gtest/gtest.h>

#include "lib/check.h"
#include "mm/addr/layout.h"
#include "mm/frame/frame.h"
#include "mm/platform.h"

void check_failed(const char *, const char *, int) {
    abort();
}

TEST(Addr, TheIndexesOfAKnownAddressAreThoseOfTheManualsSplit) {
    virt_addr_t va = virt_addr(0x00007F1234567890);
    EXPECT_EQ(level_index(va, 3), 0xFEu); // S01
    EXPECT_EQ(level_index(va, 2), 0x48u);
    EXPECT_EQ(level_index(va, 1), 0x1A2u);
    EXPECT_EQ(level_index(va, 0), 0x167u);
}
