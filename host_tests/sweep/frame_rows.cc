#include <gtest/gtest.h>

#include "host_tests/sweep/sweep.h"
#include "mm/frame/early.h"
#include "mm/heap/heap.h"

namespace {

class FrameRows : public SweepTest {
  protected:
    static phys_addr_t frame() {
        phys_addr_t pa;
        EXPECT_EQ(frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa), STATUS_OK);
        return pa;
    }
    phys_addr_t pa = {};
};

TEST_P(FrameRows, frame_alloc) {
    EXPECT_EQ(fails([&] { return frame_alloc(FRAME_ANON, ZONE_NORMAL, &pa); }), 1u);
    frame_free(pa);
}

TEST_P(FrameRows, frame_alloc_zeroed) {
    EXPECT_EQ(fails([&] { return frame_alloc_zeroed(FRAME_ANON, ZONE_LOW, &pa); }), 1u);
    frame_free(pa);
}

TEST_P(FrameRows, frame_alloc_block) {
    EXPECT_EQ(fails([&] { return frame_alloc_block(3, FRAME_KERNEL, ZONE_DMA32, &pa); }), 1u);
    frame_free(pa);
}

TEST_P(FrameRows, frame_alloc_contiguous) {
    constexpr uint64_t count = 3;
    auto operation = [&] {
        return frame_alloc_contiguous(count, 16 * KIB, FRAME_KERNEL, ZONE_NORMAL, &pa);
    };
    EXPECT_EQ(fails(operation), 1u);
    for (uint64_t page = 0; page < count; page++) {
        frame_free(phys_add(pa, page << PAGE_SHIFT));
    }
}

TEST_P(FrameRows, frame_free) {
    pa = frame();
    takes_no_memory([&] { frame_free(pa); });
}

TEST_P(FrameRows, frame_adopt) {
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    takes_no_memory([&] { frame_adopt(pa, FRAME_ANON); });
    frame_free(pa);
}

TEST_P(FrameRows, frame_release_boot) {
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    takes_no_memory([&] { frame_release_boot(pa, PAGE_SIZE); });
    EXPECT_EQ(frame_state_of(pa), FRAME_FREE);
}

TEST_P(FrameRows, frame_exists) {
    takes_no_memory([&] { EXPECT_TRUE(frame_exists(phys_addr(MIB))); });
}

TEST_P(FrameRows, frame_of) {
    takes_no_memory([&] { EXPECT_EQ(frame_address(frame_of(phys_addr(MIB))).value, MIB); });
}

TEST_P(FrameRows, frame_address) {
    struct frame *of = frame_of(phys_addr(2 * MIB));
    takes_no_memory([&] { EXPECT_EQ(frame_address(of).value, 2 * MIB); });
}

TEST_P(FrameRows, frame_of_pointer) {
    const void *pointer = platform_phys_to_virt(phys_addr(MIB));
    takes_no_memory([&] { EXPECT_EQ(frame_of_pointer(pointer), frame_of(phys_addr(MIB))); });
}

TEST_P(FrameRows, frame_state_of) {
    takes_no_memory([&] { EXPECT_EQ(frame_state_of(phys_addr(15 * MIB)), FRAME_FREE); });
}

TEST_P(FrameRows, frame_state_name) {
    takes_no_memory([&] { EXPECT_STRNE(frame_state_name(FRAME_ANON), ""); });
}

TEST_P(FrameRows, frame_count) {
    takes_no_memory([&] { EXPECT_GT(frame_count().total, 0u); });
}

TEST_P(FrameRows, frame_page_limit) {
    takes_no_memory([&] { EXPECT_EQ(frame_page_limit(), 16 * MIB >> PAGE_SHIFT); });
}

TEST_P(FrameRows, frame_for_each_free_block) {
    unsigned visited = 0;
    auto count = [](void *context, phys_addr_t, unsigned, frame_zone) {
        ++*static_cast<unsigned *>(context);
    };
    takes_no_memory([&] { frame_for_each_free_block(count, &visited); });
    EXPECT_GT(visited, 0u);
}

TEST_P(FrameRows, frame_array_size_bytes) {
    takes_no_memory([&] { EXPECT_EQ(frame_array_size_bytes(&boot().map()), 4096 * 32u); });
}

TEST_P(FrameRows, memory_map_total) {
    takes_no_memory([&] { EXPECT_GT(memory_map_total(&boot().map(), MEMORY_USABLE), 0u); });
}

TEST_P(FrameRows, memory_type_name) {
    takes_no_memory([&] { EXPECT_STREQ(memory_type_name(MEMORY_BAD), "bad"); });
}

TEST_P(FrameRows, memory_map_sanitise) {
    memory_region raw = {MIB, MIB, MEMORY_USABLE, MEMORY_ATTRIBUTE_ENABLED};
    memory_region made[3];
    memory_map map = {made, 0, 3};
    takes_no_memory_and_succeeds([&] { return memory_map_sanitise(&raw, 1, 46, &map); });
}

/* heap_alloc answers with a pointer, not with a status. */
class HeapRows : public SweepTest {
  protected:
    uint64_t fails_to_allocate(size_t size_bytes) {
        void *object = nullptr;
        uint64_t asked = fails([&] {
            object = heap_alloc(size_bytes);
            return object == nullptr ? STATUS_NO_MEMORY : STATUS_OK;
        });
        heap_free(object);
        return asked;
    }
};

TEST_P(HeapRows, heap_alloc) {
    EXPECT_EQ(fails_to_allocate(1024), 2u) << "the object, and a slab for it";
}

TEST_P(HeapRows, heap_alloc_OfManyPages) {
    EXPECT_EQ(fails_to_allocate(5 * PAGE_SIZE), 2u);
}

TEST_P(HeapRows, heap_free) {
    void *small = heap_alloc(100);
    void *large = heap_alloc(2 * PAGE_SIZE);
    takes_no_memory([&] {
        heap_free(small);
        heap_free(large);
    });
}

TEST_P(HeapRows, heap_count) {
    takes_no_memory([&] { EXPECT_GT(heap_count().object_count, 0u); });
}

TEST_P(HeapRows, heap_drain) {
    heap_free(heap_alloc(1024));
    takes_no_memory(heap_drain);
}

SWEEP_EVERY_MACHINE(FrameRows);
SWEEP_EVERY_MACHINE(HeapRows);

} // namespace
