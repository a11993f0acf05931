#include "host_tests/machine/moments.h"
#include "host_tests/paging/paging_test.h"

/*
 * What the historical bugs of page tables and flushes need to show themselves. Each story passes;
 * catalogue.py names the one that must fail, and with which words, once a bug is made again.
 */

namespace {

constexpr uint64_t VA = 13 * GIB;

class PagingHistory : public PagingTest {
  protected:
    /* What the oracle has found comes before all that follows from it. */
    void TearDown() override {
        pc().look("at the end of the story");
        for (const std::string &finding : pc().take_findings()) {
            ADD_FAILURE() << finding;
        }
        PagingTest::TearDown();
    }

    void map_into(page_table &table, uint64_t va, phys_addr_t frame) {
        ASSERT_EQ(page_table_map_frames(&table, pages_at(va, 1), &frame, USER_RW), STATUS_OK);
    }

    /* CPU 1 writes just before `operation` changes the entry of `level` that it writes through. */
    void write_at_the_last_moment(uint64_t va, unsigned level,
                                  const std::function<void()> &operation) {
        auto table = machine::peek_table(pc().ram(), cpu().control, user.root.value, va, level);
        EXPECT_TRUE(machine::act_before_write(pc(), table->table, operation,
                                              [&] { cpu(1).write(va, 1, USER); }));
    }
};

TEST_F(PagingHistory, APageIsUnmapped) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(0).write(VA, 1, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
}

TEST_F(PagingHistory, APageThatAnotherCpuUsesIsUnmapped) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
}

TEST_F(PagingHistory, OneOfTwoPagesIsUnmapped) {
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    cpu(1).write(VA + PAGE_SIZE, 1, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    cpu(1).speculate(VA + PAGE_SIZE, PAGE_SIZE);
}

TEST_F(PagingHistory, MorePagesThanAFlushCanNameAreUnmapped) {
    ASSERT_EQ(map_new(pages_at(VA, 40)), STATUS_OK);
    cpu(1).speculate(VA, 40 * PAGE_SIZE);
    ASSERT_EQ(unmap(pages_at(VA, 40)), STATUS_OK);
}

TEST_F(PagingHistory, APageBecomesReadOnly) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
}

TEST_F(PagingHistory, AWindowIsMovedToOtherMemory) {
    ASSERT_EQ(map(pages_at(VA, 1), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA, USER);
    ASSERT_EQ(remap(pages_at(VA, 1), DEVICE + 0x5000, USER_RW, 0), STATUS_OK);
}

TEST_F(PagingHistory, AMappedDeviceIsUnmapped) {
    ASSERT_EQ(map(pages_at(VA, 2), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
}

TEST_F(PagingHistory, ALargePageIsCut) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA + 7 * PAGE_SIZE, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
}

TEST_F(PagingHistory, PagesAreJoinedToALargeOne) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW, 0), STATUS_OK);
    cpu(1).read(VA + 7 * PAGE_SIZE, USER);
    merge(pages_at(VA, PAGES_2M));
}

TEST_F(PagingHistory, PartOfALargePageIsReplaced) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    ASSERT_EQ(remap(pages_at(VA + PAGE_SIZE, 1), DEVICE + MIB, USER_RO, 0), STATUS_OK);
}

TEST_F(PagingHistory, ATableThatNeverMappedAnythingIsDropped) {
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, 1), 0), STATUS_OK);
    cpu(1).speculate(VA, PAGE_SIZE); /* finds nothing, but remembers the way */
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
}

TEST_F(PagingHistory, ATableIsReplaced) {
    ASSERT_EQ(page_table_reserve(&user, pages_at(VA, 1), 0), STATUS_OK);
    cpu(1).speculate(VA, PAGE_SIZE);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
    std::vector<phys_addr_t> taken = new_frames(8); /* where the old tables were */
    ASSERT_EQ(map(pages_at(VA, 1), DEVICE, USER_RW), STATUS_OK);
    pc().look("when there is a new table");
    for (phys_addr_t frame : taken) {
        frame_free(frame);
    }
}

/* CPU 1 runs the child, which has copied their table and has yet to flush. */
TEST_F(PagingHistory, AParentUsesItsTableBeforeItsChildHasForgottenIt) {
    struct virt_range next = pages_at(VA + PAGE_SIZE, 1);
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    switch_to(1, other);
    pc().run_on(0);
    tlb_gather parents;
    tlb_gather_begin(&parents, &user);
    EXPECT_EQ(page_table_share(&user, &other, pages_at(VA, 512), &parents), STATUS_OK);
    tlb_gather_finish(&parents);
    cpu(1).read(VA, USER);
    tlb_gather childs;
    tlb_gather_begin(&childs, &other);
    EXPECT_EQ(page_table_unshare(&other, pages_at(VA, 1), &childs), STATUS_OK);
    tlb_gather_begin(&parents, &user);
    EXPECT_EQ(page_table_unshare(&user, next, &parents), STATUS_OK);
    tlb_gather_finish(&parents);
    EXPECT_EQ(map_new(next), STATUS_OK);
    EXPECT_FALSE(cpu(1).read(VA + PAGE_SIZE, USER).succeeded()) << "what the parent alone has";
    tlb_gather_finish(&childs);
}

TEST_F(PagingHistory, TwoProcessesDropOneFrameAtOnce) {
    phys_addr_t frame = new_frames(1)[0];
    map_into(user, VA, frame);
    map_into(other, VA, frame);
    cpu(0).write(VA, 1, USER);
    unmap_in_both(pages_at(VA, 1), [] {});
}

/* Just when CPU 1 has loaded the table, CPU 0 changes it. */
TEST_F(PagingHistory, ACpuLoadsATableThatIsBeingChanged) {
    switch_to(1, other);
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    bool is_done = false;
    pc().at_every_chance([&] {
        if (!is_done && cpu(1).root() == user.root.value) {
            is_done = true;
            cpu(1).speculate(VA, PAGE_SIZE);
            pc().run_on(0);
            EXPECT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
            pc().run_on(1);
        }
    });
    switch_to(1, user);
    pc().at_every_chance(nullptr);
}

/* While CPU 1 goes from one table to another, CPU 0 changes the first. */
TEST_F(PagingHistory, ACpuLeavesATableThatIsBeingChanged) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    bool is_done = false;
    machine::act_between_instructions(
        pc(), [&] { switch_to(1, other); },
        [&] {
            if (!is_done && (user.caching_cpus.bits & 2) == 0) {
                is_done = true;
                pc().run_on(0);
                (void)!unmap(pages_at(VA, 1));
                pc().run_on(1);
            }
        });
    EXPECT_TRUE(is_done);
}

/* Just when CPU 0 has begun to change the table, CPU 1 loads it. */
TEST_F(PagingHistory, ATableIsChangedThatACpuIsLoading) {
    switch_to(1, other);
    pc().run_on(0);
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    tlb_gather gather;
    tlb_gather_begin(&gather, &user);
    switch_to(1, user);
    cpu(1).speculate(VA, PAGE_SIZE);
    pc().run_on(0);
    EXPECT_EQ(page_table_unmap(&user, pages_at(VA, 1), &gather, nullptr), STATUS_OK);
    tlb_gather_finish(&gather);
}

TEST_F(PagingHistory, ACpuWritesWhileAPageBecomesExecutable) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).read(VA, USER);
    page_attributes all = USER_RW;
    all.rights |= RIGHT_EXECUTE;
    write_at_the_last_moment(VA, 0, [&] { (void)!protect(pages_at(VA, 1), all); });
}

TEST_F(PagingHistory, ACpuWritesWhileALargePageIsCut) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    cpu(1).read(VA + 7 * PAGE_SIZE, USER);
    write_at_the_last_moment(VA + 7 * PAGE_SIZE, 1, [&] { (void)!unmap(pages_at(VA + MIB, 1)); });
}

TEST_F(PagingHistory, WrittenPagesThatAreReadOnlyAreJoined) {
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW, 0), STATUS_OK);
    cpu(1).write(VA + 7 * PAGE_SIZE, 1, USER);
    ASSERT_EQ(protect(pages_at(VA, PAGES_2M), USER_RO), STATUS_OK);
    cpu(1).read(VA + 7 * PAGE_SIZE, USER);
    merge(pages_at(VA, PAGES_2M));
}

TEST_F(PagingHistory, APageLosesAllItsRights) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(protect(pages_at(VA, 1), NO_RIGHTS), STATUS_OK);
}

TEST_F(PagingHistory, OneOfTwoPagesOfATableGoes) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    ASSERT_EQ(map_new(pages_at(VA + 9 * PAGE_SIZE, 1)), STATUS_OK);
    cpu(1).write(VA + 9 * PAGE_SIZE, 1, USER);
    ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
}

/* The frames that become tables have been tables before, and still look like them. */
TEST_F(PagingHistory, OldTablesAreUsedAgain) {
    std::vector<phys_addr_t> frames = new_frames(20);
    for (phys_addr_t frame : frames) {
        for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
            pc().ram().store(frame.value + 8 * i, DEVICE | 7);
        }
        frame_free(frame);
    }
    pc().speculate_at_every_chance(VA, 4 * PAGE_SIZE);
    ASSERT_EQ(map(pages_at(VA, 1), DEVICE + MIB, USER_RW), STATUS_OK);
    pc().at_every_chance(nullptr);
}

TEST_F(PagingHistory, ATableIsNeededWhenMemoryHasEnded) {
    {
        FrameDrought drought(0);
        (void)!map(pages_at(VA, 1), DEVICE, USER_RW);
    }
    cpu(1).speculate(VA, PAGE_SIZE);
}

TEST_F(PagingHistory, AProcessEndsThatACpuStillTranslatesThrough) {
    page_table doomed;
    ASSERT_EQ(page_table_create_user(&doomed, &kernel), STATUS_OK);
    switch_to(1, doomed);
    bool has_ended = page_table_destroy_user(&doomed) == STATUS_OK;
    pc().look("when the process has ended");
    switch_to(1, user);
    if (!has_ended) {
        EXPECT_EQ(page_table_destroy_user(&doomed), STATUS_OK);
    }
}

TEST_F(PagingHistory, AKernelPageBecomesWritable) {
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RO), STATUS_OK);
    cpu(1).read(KERNEL_RANGES_BASE);
    ASSERT_EQ(protect(pages_at(KERNEL_RANGES_BASE, 1), KERNEL_RW), STATUS_OK);
    pc().look("when it is writable");
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
}

TEST_F(PagingHistory, ManyKernelPagesAreUnmapped) {
    struct virt_range range = pages_at(KERNEL_RANGES_BASE, 40);
    ASSERT_EQ(map_new(range, KERNEL_RW), STATUS_OK);
    cpu(1).speculate(KERNEL_RANGES_BASE, 40 * PAGE_SIZE);
    ASSERT_EQ(unmap(range), STATUS_OK);
}

class ContextIdHistory : public PagingHistory {
  protected:
    PagingSetup setup() const override {
        return {"ContextIds", false, 4, true};
    }
};

TEST_F(ContextIdHistory, ACpuThatHasGoneElsewhereStillRemembers) {
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).write(VA, 1, USER);
    switch_to(1, other);
    ASSERT_EQ(protect(pages_at(VA, 1), USER_RO), STATUS_OK);
}

TEST_F(ContextIdHistory, AContextIdIsHandedOn) {
    page_table heir;
    ASSERT_EQ(page_table_create_user(&heir, &kernel), STATUS_OK);
    heir.context_id = other.context_id;
    map_into(other, VA, new_frames(1)[0]);
    switch_to(1, other);
    cpu(1).write(VA, 1, USER);
    switch_to(1, user);
    switch_to(1, heir);
    pc().look("when the heir runs");
    switch_to(1, user);
    EXPECT_EQ(page_table_destroy_user(&heir), STATUS_OK);
}

TEST_F(ContextIdHistory, AKernelPageThatIsNotGlobalIsUnmapped) {
    page_attributes local = {RIGHT_READ | RIGHT_WRITE, CACHE_WRITE_BACK, 0};
    ASSERT_EQ(map_new(pages_at(KERNEL_RANGES_BASE, 1), local), STATUS_OK);
    cpu(1).write(KERNEL_RANGES_BASE, 1);
    switch_to(1, other);
    ASSERT_EQ(unmap(pages_at(KERNEL_RANGES_BASE, 1)), STATUS_OK);
}

} // namespace
