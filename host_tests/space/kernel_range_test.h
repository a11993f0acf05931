#pragma once

#include <gtest/gtest.h>

#include "host_tests/machine/sizes.h"
#include "host_tests/space/space_test.h"
#include "mm/addr/layout.h"
#include "mm/paging/page_table.h"

/* Kernel ranges that a test makes and gives up again. */
class KernelRangeTest : public SpaceTest {
  protected:
    static struct virt_range alloc(uint64_t page_count, const char *name = "range") {
        struct virt_range range = {};
        EXPECT_EQ(kernel_range_alloc(page_count, name, &range), STATUS_OK);
        return range;
    }

    static struct virt_range reserve(uint64_t page_count, uint64_t alignment = PAGE_SIZE) {
        struct virt_range range = {};
        EXPECT_EQ(kernel_range_reserve(page_count, alignment, "range", &range), STATUS_OK);
        return range;
    }

    static void release(struct virt_range range) {
        EXPECT_EQ(kernel_range_free(range.start), STATUS_OK);
    }

    static struct virt_range pages(uint64_t first, uint64_t page_count) {
        return pages_at(KERNEL_RANGES_BASE + (first << PAGE_SHIFT), page_count);
    }

    static uint64_t after(struct virt_range range) {
        return range.start.value + virt_range_size_bytes(range);
    }

    static vm_area area_at(uint64_t va) {
        vm_area area = {};
        EXPECT_TRUE(space_find_area(kernel_space(), virt_addr(va), &area));
        return area;
    }

    bool is_mapped(uint64_t va) {
        return page_table_query(space_page_table(kernel_space()), virt_addr(va)).kind !=
               PAGE_ABSENT;
    }
};
