#include "host_tests/paging/paging_test.h"
#include "mm/paging/pte.h"

/* What a walk shows, and which bit of it stops an access (SDM 3A 4.6.1, 4.7). */

namespace {

constexpr uint64_t VA = 0x7f1234567000;
constexpr uint8_t READ_BY_USER = RIGHT_READ | RIGHT_USER;
constexpr uint8_t WRITE_BY_USER = READ_BY_USER | RIGHT_WRITE;
constexpr uint8_t FETCH_BY_USER = READ_BY_USER | RIGHT_EXECUTE;

class WalkTest : public PagingOnEveryMachineTest {
  protected:
    page_walk walk() {
        page_walk walk;
        page_table_walk(&user, virt_addr(VA), &walk);
        return walk;
    }

    page_walk_stop stop(uint8_t wanted, uint8_t forbidden = RIGHT_NONE) {
        page_walk found = walk();
        return page_walk_find_stop(&found, wanted, forbidden);
    }

    /* Where the entry for VA at `level` lies. */
    uint64_t slot(unsigned level) {
        const page_walk_step step = walk().steps[user.levels - 1u - level];
        return step.table.value + 8 * step.index;
    }

    /* Sets or clears bits of an entry behind everybody's back, for one statement. */
    void with_entry(unsigned level, uint64_t set, uint64_t clear,
                    const std::function<void()> &look) {
        uint64_t pa = slot(level);
        uint64_t good = pc().ram().load(pa);
        pc().ram().store(pa, (good | set) & ~clear);
        look();
        pc().ram().store(pa, good);
    }

    static void expect_stop(const page_walk_stop &stop, unsigned level, unsigned bit, bool is_set,
                            const char *name) {
        ASSERT_TRUE(stop.is_stopped);
        EXPECT_EQ(stop.level, level);
        EXPECT_EQ(stop.bit, bit);
        EXPECT_EQ(stop.is_set, is_set);
        EXPECT_STREQ(stop.name, name);
    }
};

TEST_P(WalkTest, NothingStopsWhatEveryLevelGrants) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    EXPECT_FALSE(stop(WRITE_BY_USER).is_stopped);
}

TEST_P(WalkTest, AnAbsentEntryStopsByItsPresentBit) {
    expect_stop(stop(READ_BY_USER), user.levels - 1u, 0, false, "P");
    ASSERT_EQ(map_new(pages_at(VA + PAGE_SIZE, 1)), STATUS_OK);
    expect_stop(stop(READ_BY_USER), 0, 0, false, "P");
}

TEST_P(WalkTest, AParkedEntryStopsByItsPresentBit) {
    ASSERT_EQ(map_new(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
    EXPECT_EQ(walk().steps[user.levels - 1u].reserved_bits, 0u);
    expect_stop(stop(READ_BY_USER), 0, 0, false, "P");
}

TEST_P(WalkTest, ALeafThatDeniesARightIsNamedWithTheBit) {
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RO), STATUS_OK);
    EXPECT_FALSE(stop(READ_BY_USER).is_stopped);
    expect_stop(stop(WRITE_BY_USER), 0, 1, false, "R/W");
    expect_stop(stop(FETCH_BY_USER), 0, 63, true, "XD");
}

TEST_P(WalkTest, APageOfTheKernelStopsAUserByItsUserBit) {
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RO), STATUS_OK);
    with_entry(0, 0, PTE_USER, [&] {
        expect_stop(stop(READ_BY_USER), 0, 2, false, "U/S");
        expect_stop(stop(WRITE_BY_USER), 0, 2, false, "U/S");
        EXPECT_FALSE(stop(RIGHT_READ).is_stopped);
    });
}

TEST_P(WalkTest, TheUppermostLevelThatDeniesIsNamed) {
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RO), STATUS_OK);
    with_entry(1, 0, PTE_WRITABLE, [&] { expect_stop(stop(WRITE_BY_USER), 1, 1, false, "R/W"); });
}

TEST_P(WalkTest, UserMemoryStopsTheKernelByTheSameBitBeingSet) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    expect_stop(stop(RIGHT_READ, RIGHT_USER), 0, 2, true, "U/S");
    EXPECT_FALSE(stop(RIGHT_READ).is_stopped);
}

TEST_P(WalkTest, ARightThatIsMissingIsNamedBeforeOneThatIsForbidden) {
    ASSERT_EQ(map_new(pages_at(VA, 1), USER_RO), STATUS_OK);
    expect_stop(stop(RIGHT_READ | RIGHT_WRITE, RIGHT_USER), 0, 1, false, "R/W");
}

TEST_P(WalkTest, MemoryThatOneLevelKeepsFromUsersDoesNotStopTheKernel) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    with_entry(1, 0, PTE_USER,
               [&] { EXPECT_FALSE(stop(RIGHT_READ, RIGHT_USER).is_stopped) << "SDM 3A 4.6.1"; });
}

TEST_P(WalkTest, AReservedBitStopsAtAnyLevelAndLeadsNowhere) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    for (unsigned level = 0; level < user.levels; level++) {
        with_entry(level, 1ull << 51, 0, [&] {
            EXPECT_EQ(walk().step_count, user.levels - level);
            expect_stop(stop(READ_BY_USER), level, 51, true, "reserved");
            EXPECT_EQ(query(VA).level, level);
            EXPECT_EQ(query(VA).kind, level == 0 ? PAGE_MAPPED : PAGE_ABSENT);
        });
    }
}

// The explainer of faults must survive what it explains.
TEST_P(WalkTest, ATableEntryThatPointsToNoTableIsNotFollowed) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    const uint64_t page = query(VA).pa.value;
    for (unsigned level = 1; level < user.levels; level++) {
        for (uint64_t wrong : {DEVICE, page}) {
            with_entry(level, wrong, PTE_ADDRESS & ~wrong, [&] {
                EXPECT_EQ(walk().step_count, user.levels - level);
                EXPECT_EQ(query(VA).level, level);
                EXPECT_EQ(query(VA).kind, PAGE_ABSENT);
            });
        }
    }
}

TEST_P(WalkTest, TheSizeBitIsReservedWhereNoLeafCanBe) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    with_entry(3, PTE_LARGE, 0, [&] { expect_stop(stop(READ_BY_USER), 3, 7, true, "reserved"); });
}

TEST_P(WalkTest, AddressBitsBelowTheSizeOfALargePageAreReservedButThePatBitIsNot) {
    ASSERT_EQ(map(pages_at(VA & ~(2 * MIB - 1), 512), DEVICE, USER_RW, 1), STATUS_OK);
    with_entry(1, 1ull << 13, 0, [&] { expect_stop(stop(READ_BY_USER), 1, 13, true, "reserved"); });
    with_entry(1, PTE_LARGE_PAT, 0, [&] { EXPECT_FALSE(stop(READ_BY_USER).is_stopped); });
}

TEST_P(WalkTest, AnAddressThatIsNotCanonicalHasNoWalkAndNothingThatStopsIt) {
    page_walk found;
    page_table_walk(&user, virt_addr(0x0100000000000000), &found);
    EXPECT_EQ(found.step_count, 0);
    EXPECT_FALSE(page_walk_find_stop(&found, READ_BY_USER, RIGHT_NONE).is_stopped);
}

INSTANTIATE_TEST_SUITE_P(Machines, WalkTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
