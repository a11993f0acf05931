#include "mm/heap/heap.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <vector>

#include "host_tests/machine/booted_machine_test.h"
#include "mm/addr/addr.h"

namespace {

uint64_t free_frames() {
    return frame_count().by_state[FRAME_FREE];
}

bool is_all(const void *memory, unsigned char byte, size_t size_bytes) {
    const unsigned char *bytes = static_cast<const unsigned char *>(memory);
    return std::all_of(bytes, bytes + size_bytes, [byte](unsigned char b) { return b == byte; });
}

uint64_t address(const void *pointer) {
    return reinterpret_cast<uint64_t>(pointer);
}

/* The frame count is checked at the end of every test, after the heap's empty slabs are back. */
class HeapTest : public BootedMachineTest {
  protected:
    void drain() override {
        heap_drain();
        EXPECT_EQ(heap_count().object_count, 0u);
        EXPECT_EQ(heap_count().frame_count, 0u);
        EXPECT_EQ(heap_count().live_bytes, 0u);
    }

    void TearDown() override {
        for (void *object : objects_) {
            heap_free(object);
        }
        BootedMachineTest::TearDown();
    }

    /* Freed at the end of the test, unless by give_back. */
    char *take(size_t size_bytes) {
        void *object = heap_alloc(size_bytes);
        EXPECT_NE(object, nullptr);
        objects_.insert(object);
        return static_cast<char *>(object);
    }

    void give_back(void *object) {
        objects_.erase(object);
        heap_free(object);
    }

  private:
    std::set<void *> objects_;
};

} // namespace

TEST_F(HeapTest, ObjectsOfEverySizeAreZeroedAlignedAndApart) { // S80
    std::map<uint64_t, uint64_t> places;
    for (size_t size = 1; size <= 2 * PAGE_SIZE; size += size < 256 ? 1 : 61) {
        char *object = take(size);
        ASSERT_TRUE(is_all(object, 0, size)) << size;
        ASSERT_TRUE(is_aligned(address(object), HEAP_ALIGNMENT)) << size;
        ASSERT_TRUE(size < PAGE_SIZE || is_aligned(address(object), PAGE_SIZE)) << size;
        memset(object, 0xee, size);
        places[address(object)] = address(object) + size;
    }
    uint64_t end = 0;
    for (auto [start, stop] : places) {
        ASSERT_LE(end, start);
        end = stop;
    }
}

TEST_F(HeapTest, ReusedMemoryIsZeroedAgain) { // S20
    for (size_t size : {64u, 100u, 2048u, 3000u, 20000u}) {
        char *object = take(size);
        memset(object, 0xaa, size);
        give_back(object);
        EXPECT_TRUE(is_all(take(size), 0, size)) << size;
    }
}

TEST_F(HeapTest, ObjectsLieInTheDirectMap) { // S80
    char *object = take(100);
    struct frame *frame = frame_of_pointer(object);
    EXPECT_EQ(frame->state, FRAME_KERNEL);
    EXPECT_EQ(platform_phys_to_virt(frame_address(frame)),
              reinterpret_cast<void *>(align_down(address(object), PAGE_SIZE)));
}

TEST_F(HeapTest, ASlabIsUsedWholeBeforeAnotherIsTaken) {
    uint64_t before = free_frames();
    for (int i = 0; i < 64; i++) {
        take(64);
    }
    EXPECT_EQ(before - free_frames(), 1u);
    take(64);
    EXPECT_EQ(before - free_frames(), 2u);
    for (int i = 0; i < 51; i++) {
        take(80);
    }
    EXPECT_EQ(before - free_frames(), 3u);
    take(2048);
    take(2048);
    EXPECT_EQ(before - free_frames(), 4u);
}

TEST_F(HeapTest, CountsWhatItHolds) { // S81
    char *small = take(65);
    char *large = take(3 * PAGE_SIZE - 1);
    EXPECT_EQ(heap_count().object_count, 2u);
    EXPECT_EQ(heap_count().live_bytes, 80u + 3 * PAGE_SIZE);
    EXPECT_EQ(heap_count().frame_count, 4u);
    give_back(small);
    give_back(large);
    EXPECT_EQ(heap_count().object_count, 0u);
    EXPECT_EQ(heap_count().live_bytes, 0u);
}

TEST_F(HeapTest, EveryFrameThatItHoldsIsMarked) { // F1, S81
    char *small = take(65);
    char *large = take(2 * PAGE_SIZE);
    for (char *page : {small, large, large + PAGE_SIZE}) {
        EXPECT_EQ(frame_of_pointer(page)->flags, FRAME_HEAP_OBJECT);
    }
    give_back(large);
    EXPECT_EQ(frame_of_pointer(large)->state, FRAME_FREE);
}

TEST_F(HeapTest, OneEmptySlabOfAClassIsKeptForTheNextAllocation) {
    char *object = take(500);
    uint64_t with_slab = free_frames();
    give_back(object);
    EXPECT_EQ(free_frames(), with_slab);
    EXPECT_EQ(take(500), object);
    EXPECT_EQ(free_frames(), with_slab);
}

TEST_F(HeapTest, FurtherEmptySlabsGoBackAtOnce) { // S80
    std::vector<char *> objects;
    for (int i = 0; i < 80; i++) {
        objects.push_back(take(512));
    }
    for (char *object : objects) {
        give_back(object);
    }
    EXPECT_EQ(heap_count().frame_count, 1u);
    heap_drain();
    EXPECT_EQ(heap_count().frame_count, 0u);
}

TEST_F(HeapTest, AFullSlabHasRoomAgainWhenOneOfItsObjectsIsFreed) {
    std::vector<char *> objects;
    for (int i = 0; i < 8; i++) {
        objects.push_back(take(512));
    }
    give_back(objects[5]);
    EXPECT_EQ(take(512), objects[5]);
}

TEST_F(HeapTest, RoomInAnySlabIsUsedBeforeAnotherIsTaken) {
    std::vector<char *> objects;
    for (int i = 0; i < 8; i++) {
        objects.push_back(take(2048));
    }
    for (int i = 0; i < 8; i += 2) {
        give_back(objects[i]);
    }
    for (int i = 0; i < 4; i++) {
        take(2048);
    }
    EXPECT_EQ(heap_count().frame_count, 4u);
}

TEST_F(HeapTest, FreeingIntoSeveralSlabsLosesNone) { // S80
    std::vector<char *> objects;
    for (int i = 0; i < 4 * 4; i++) {
        objects.push_back(take(1024));
    }
    for (int slab = 0; slab < 16; slab += 4) {
        for (int slot = 0; slot < 3; slot++) {
            give_back(objects[slab + slot]);
        }
    }
    for (int i = 0; i < 12; i++) {
        take(1024);
    }
    EXPECT_EQ(heap_count().frame_count, 4u);
}

TEST_F(HeapTest, TheEmptySlabStaysEmptyWhileAnotherHasRoom) {
    char *first = take(2048);
    take(2048);
    char *in_second = take(2048);
    give_back(in_second);
    give_back(first);
    take(2048);
    heap_drain();
    EXPECT_EQ(heap_count().frame_count, 1u);
}

TEST_F(HeapTest, TheFrameBehindALargeObjectIsNotMarked) {
    char *object = take(3 * PAGE_SIZE);
    EXPECT_EQ(frame_of_pointer(object + 3 * PAGE_SIZE)->flags & FRAME_HEAP_OBJECT, 0);
}

TEST_F(HeapTest, LargeObjectsTakeWholePagesAndNoMore) {
    uint64_t before = free_frames();
    char *object = take(5 * PAGE_SIZE);
    EXPECT_TRUE(is_aligned(address(object), PAGE_SIZE));
    EXPECT_EQ(before - free_frames(), 5u);
    memset(object, 1, 5 * PAGE_SIZE);
    give_back(object);
    EXPECT_EQ(free_frames(), before);
}

TEST_F(HeapTest, OutOfMemoryIsNullAndPasses) { // S20, S24
    {
        FrameDrought drought(0);
        EXPECT_EQ(heap_alloc(64), nullptr);
        EXPECT_EQ(heap_alloc(2048), nullptr);
        EXPECT_EQ(heap_alloc(PAGE_SIZE), nullptr);
        EXPECT_EQ(heap_count().object_count, 0u);
        EXPECT_EQ(heap_count().frame_count, 0u);
    }
    EXPECT_NE(take(64), nullptr);
}

TEST_F(HeapTest, TheLastFrameServesUntilItIsFull) {
    FrameDrought drought(1);
    for (int i = 0; i < 64; i++) {
        take(64);
    }
    EXPECT_EQ(heap_alloc(64), nullptr);
    EXPECT_EQ(heap_alloc(80), nullptr);
}

TEST_F(HeapTest, WhatNoMemoryCouldHoldIsRefused) {
    EXPECT_EQ(heap_alloc(SIZE_MAX), nullptr);
    EXPECT_EQ(heap_alloc(SIZE_MAX - PAGE_SIZE), nullptr);
    EXPECT_EQ(heap_alloc((PAGE_SIZE << FRAME_ORDER_MAX) + 1), nullptr);
    EXPECT_CHECK_FAILS((void)heap_alloc(0), "size_bytes > 0");
}

TEST_F(HeapTest, FreeingNothingIsAllowed) {
    heap_free(nullptr);
}

TEST_F(HeapTest, FreeingTwiceIsCaughtForEverySize) {
    for (size_t size : {1u, 80u, 1000u, 2048u, 4096u, 9000u}) {
        char *keeps_the_slab = take(size);
        char *object = take(size);
        give_back(object);
        EXPECT_CHECK_FAILS(heap_free(object), "CHECK");
        give_back(keeps_the_slab);
    }
}

TEST_F(HeapTest, FreeingIntoTheMiddleOfAnObjectIsCaught) {
    char *small = take(64);
    EXPECT_CHECK_FAILS(heap_free(small + 16), "offset");
    char *last = take(2048);
    EXPECT_CHECK_FAILS(heap_free(last + 1024), "offset");
    char *large = take(3 * PAGE_SIZE);
    EXPECT_CHECK_FAILS(heap_free(large + 64), "is_aligned");
    EXPECT_CHECK_FAILS(heap_free(large + PAGE_SIZE), "CLASS_LARGE_REST");
}

TEST_F(HeapTest, FreeingTheUnusedTailOfASlabIsCaught) {
    char *object = take(1360);
    EXPECT_CHECK_FAILS(heap_free(object + 3 * 1360), "all_slots");
}

TEST_F(HeapTest, FreeingWhatTheHeapNeverGaveIsCaught) {
    phys_addr_t pa;
    ASSERT_EQ(frame_alloc(FRAME_KERNEL, ZONE_NORMAL, &pa), STATUS_OK);
    EXPECT_CHECK_FAILS(heap_free(platform_phys_to_virt(pa)), "FRAME_HEAP_OBJECT");
    frame_free(pa);
    EXPECT_CHECK_FAILS(heap_free(platform_phys_to_virt(pa)), "FRAME_KERNEL");
}
