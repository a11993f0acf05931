/* The example of mm/README.md, from the firmware's memory map to a process. */
#include <gtest/gtest.h>

#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/frame/early.h"
#include "mm/space/address_space.h"
#include "mm/space/kernel_space.h"

namespace {

class ExampleTest : public MachineTest {};

TEST_F(ExampleTest, FromTheMemoryMapToAProcess) {
    std::vector<memory_region> e820 = firmware_memory_map(pc());
    std::vector<kernel_section> sections = KernelBoot::sections();

    static memory_region regions[2 * 32 + 1];
    memory_map memory = {.regions = regions, .count = 0, .capacity = 65};
    ASSERT_EQ(
        memory_map_sanitise(e820.data(), e820.size(), platform_features()->phys_addr_bits, &memory),
        STATUS_OK);
    early_begin(&memory, phys_addr(1ull << 32));
    ASSERT_EQ(early_reserve(phys_addr(KERNEL_PA), KERNEL_PAGES * PAGE_SIZE), STATUS_OK);
    kernel_layout layout = {&memory, sections.data(), sections.size()};
    kernel_space_summary summary;
    ASSERT_EQ(kernel_space_build(&layout, &summary), STATUS_OK);
    kernel_space_activate();
    std::vector<struct frame> array(frame_array_size_bytes(&memory) / sizeof(struct frame));
    kernel_space_start_with(array.data()); /* a kernel calls kernel_space_start */

    address_space *space;
    status status = space_create("init", &space);
    if (status == STATUS_OK) {
        locked_range token;
        struct virt_range range = virt_range(virt_addr(SPACE_IMAGE_BASE), 4);
        space_lock_for_writing(space, range, &token);
        const space_mapping mapping = {.rights = RIGHT_READ | RIGHT_WRITE, .name = "data"};
        status = space_map(&token, range, &mapping);
        space_unlock(&token);
    }
    if (status == STATUS_OK) {
        space_switch(space);
    }

    EXPECT_EQ(status, STATUS_OK);
    virt_addr_t data = virt_addr(SPACE_IMAGE_BASE);
    EXPECT_FALSE(cpu().write(data.value, 1, machine::Privilege::USER).succeeded());
    EXPECT_EQ(space_resolve_fault(space, data, ACCESS_WRITE), STATUS_OK);
    EXPECT_TRUE(cpu().write(data.value, 1, machine::Privilege::USER).succeeded());
    space_switch(kernel_space());
    EXPECT_EQ(space_destroy(space), STATUS_OK);
    audit_drain();
}

} // namespace
