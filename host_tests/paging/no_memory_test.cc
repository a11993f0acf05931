#include "host_tests/paging/paging_test.h"

/*
 * Every operation that can need memory, with 0, 1, 2, .. frames left until it succeeds. After each
 * failure the tables are bit-identical, no frame is gone, and nothing is owed (law 2).
 */

namespace {

constexpr uint64_t VA = 17 * GIB;

class NoMemoryTest : public PagingOnEveryMachineTest {
  protected:
    /* Returns how many frames the operation needed. */
    template <typename Operation> uint64_t starve(Operation operation) {
        std::vector<uint64_t> user_before = snapshot(user);
        std::vector<uint64_t> kernel_before = snapshot(kernel);
        unsigned flushes = pc().flush_counts().requests;
        for (uint64_t left = 0; left < 100; left++) {
            FrameDrought drought(left);
            uint64_t free_before = frame_count().by_state[FRAME_FREE];
            status result = operation();
            if (result == STATUS_OK) {
                return left;
            }
            EXPECT_EQ(result, STATUS_NO_MEMORY);
            EXPECT_EQ(frame_count().by_state[FRAME_FREE], free_before);
            EXPECT_EQ(snapshot(user), user_before);
            EXPECT_EQ(snapshot(kernel), kernel_before);
            EXPECT_EQ(pc().flush_counts().requests, flushes);
        }
        ADD_FAILURE() << "never succeeded";
        return 0;
    }
};

TEST_P(NoMemoryTest, MappingFrames) { // S20, S24
    std::vector<phys_addr_t> frames = new_frames(513);
    uint64_t needed = starve(
        [&] { return page_table_map_frames(&user, pages_at(VA, 513), frames.data(), USER_RW); });
    EXPECT_EQ(needed, user.levels);
}

TEST_P(NoMemoryTest, MappingARangeOfAllLeafSizes) {
    struct virt_range range = pages_at(VA - PAGE_SIZE, 1 + PAGES_1G + PAGES_2M + 1);
    uint64_t needed = starve([&] { return map(range, DEVICE - PAGE_SIZE, USER_RW); });
    EXPECT_EQ(needed, user.levels + 1u);
}

TEST_P(NoMemoryTest, MappingIntoTheKernelsHalf) {
    /* Kernel tables stay, so this one is taken before the count. */
    page_attributes device = {RIGHT_READ | RIGHT_WRITE, CACHE_UNCACHED, 0};
    uint64_t va = KERNEL_BLOCKS + 100 * MIB;
    EXPECT_EQ(starve([&] { return map(pages_at(va, 1), DEVICE, device); }), 1u);
    ASSERT_EQ(unmap(pages_at(va, 1)), STATUS_OK);
    ASSERT_EQ(map(pages_at(va, PAGES_2M), DEVICE, device, 0), STATUS_OK);
    merge(pages_at(va, PAGES_2M));
    ASSERT_EQ(unmap(pages_at(va, PAGES_2M)), STATUS_OK);
}

TEST_P(NoMemoryTest, ReservingTables) {
    EXPECT_EQ(starve([&] { return page_table_reserve(&user, pages_at(VA, PAGES_2M + 1), 0); }),
              user.levels);
}

TEST_P(NoMemoryTest, UnmappingOutOfAGigabyteLeafAtBothEnds) { // S39
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA, USER);
    struct virt_range range = pages_at(VA + PAGE_SIZE, PAGES_1G - 2);
    EXPECT_EQ(starve([&] { return unmap(range); }), 3u);
}

TEST_P(NoMemoryTest, UnmappingWholeLargeLeavesBesideAnotherTakesNone) {
    ASSERT_EQ(map(pages_at(VA, 3 * PAGES_2M), DEVICE, USER_RW, 1), STATUS_OK);
    EXPECT_EQ(starve([&] { return unmap(pages_at(VA, 2 * PAGES_2M)); }), 0u);
}

TEST_P(NoMemoryTest, UnmappingAcrossTwoLargeLeaves) {
    ASSERT_EQ(map(pages_at(VA, 2 * PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA + 2 * MIB, USER);
    EXPECT_EQ(starve([&] { return unmap(pages_at(VA + 2 * MIB - PAGE_SIZE, 2)); }), 2u);
}

TEST_P(NoMemoryTest, ProtectingThePartOfALargeLeaf) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA, USER);
    EXPECT_EQ(starve([&] { return protect(pages_at(VA + 2 * MIB, PAGES_2M), USER_RO); }), 1u);
}

TEST_P(NoMemoryTest, RemappingOverLeavesGapsAndTables) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA + 2 * MIB + PAGE_SIZE, 3)), STATUS_OK);
    cpu(1).read(VA, USER);
    struct virt_range range = pages_at(VA + PAGE_SIZE, 3 * PAGES_2M);
    EXPECT_EQ(starve([&] { return remap(range, DEVICE + PAGE_SIZE, USER_RO, 2); }), 2u);
}

TEST_P(NoMemoryTest, CreatingAProcess) {
    page_table fresh;
    EXPECT_EQ(starve([&] { return page_table_create_user(&fresh, &kernel); }), 1u);
    EXPECT_EQ(page_table_destroy_user(&fresh), STATUS_OK);
}

TEST_P(NoMemoryTest, UnmappingWholeLeavesNeedsNoMemory) {
    ASSERT_EQ(map(pages_at(VA, PAGES_1G), DEVICE, USER_RW, 1), STATUS_OK);
    EXPECT_EQ(starve([&] { return unmap(pages_at(VA, PAGES_1G)); }), 0u);
}

INSTANTIATE_TEST_SUITE_P(Machines, NoMemoryTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
