#include <gtest/gtest.h>

#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"

namespace {

using KernelSpaceTest = SpaceTest;

TEST_F(KernelSpaceTest, ACpuReadsAllRamThroughTheDirectMap) {
    EXPECT_TRUE(cpu().read(DIRECT_MAP_BASE + 0x123000).succeeded());
    puts(dump(kernel_space()).c_str());
}

} // namespace
