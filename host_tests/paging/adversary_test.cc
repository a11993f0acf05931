#include "host_tests/machine/moments.h"
#include "host_tests/paging/paging_test.h"

/* Other CPUs act between any two instructions of an operation: what must hold even then. */

namespace {

constexpr uint64_t VA = 9 * GIB;

class AdversaryTest : public PagingTest {
  protected:
    /* CPU 1 writes to `va` whenever it can; the machine's TLBs keep what they can get hold of. */
    void write_always(uint64_t va, const std::function<void()> &operation) {
        uint64_t acted =
            machine::act_between_instructions(pc(), operation, [&] { try_to_write(va); });
        EXPECT_GT(acted, 100u);
    }

    /* Every CPU fills its caches from the range whenever it can. */
    void speculate_always(uint64_t va, uint64_t size_bytes,
                          const std::function<void()> &operation) {
        machine::act_between_instructions(pc(), operation, [&] {
            cpu(0).speculate(va, size_bytes);
            cpu(1).speculate(va, size_bytes);
        });
    }

    /* The table that holds the entry of `level` for `va`. */
    uint64_t table_for(uint64_t va, unsigned level) {
        return machine::peek_table(pc().ram(), cpu().control, user.root.value, va, level)->table;
    }

    void share_with_other() {
        tlb_gather gather;
        tlb_gather_begin(&gather, &user);
        EXPECT_EQ(page_table_share(&user, &other, pages_at(VA, 512), &gather), STATUS_OK);
        tlb_gather_finish(&gather);
    }

    void unshare() {
        tlb_gather gather;
        tlb_gather_begin(&gather, &user);
        (void)!page_table_unshare(&user, pages_at(VA, 1), &gather);
        tlb_gather_finish(&gather);
    }

    status leave_other() {
        tlb_gather gather;
        tlb_gather_begin(&gather, &other);
        status status = page_table_unmap(&other, pages_at(VA, 512), &gather, nullptr);
        tlb_gather_finish(&gather);
        return status;
    }

    void try_to_write(uint64_t va) {
        machine::Outcome outcome = cpu(1).write(va, 1, USER);
        if (!outcome.succeeded()) {
            return;
        }
        writes++;
        bool is_memory = pc().ram().contains(outcome.pa);
        if (is_memory && frame_state_of(phys_addr(outcome.pa)) != FRAME_ANON) {
            writes_gone_astray++;
        }
    }

    uint64_t writes = 0;
    uint64_t writes_gone_astray = 0;
};

TEST_F(AdversaryTest, AFrameIsNotFreedWhileACpuCanStillWriteToIt) { // law 1, G2
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    status result = STATUS_OK;
    write_always(VA, [&] { result = unmap(pages_at(VA, 1)); });
    EXPECT_EQ(result, STATUS_OK);
    EXPECT_GT(writes, 0u);
    EXPECT_EQ(writes_gone_astray, 0u);
}

TEST_F(AdversaryTest, AWriteDuringProtectIsNeverForgotten) { // P3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).read(VA, USER);
    write_always(VA, [&] { (void)!protect(pages_at(VA, 1), USER_RO); });
    ASSERT_GT(writes, 0u);
    EXPECT_TRUE(query(VA).is_dirty);
}

TEST_F(AdversaryTest, NothingWrittenWhileItIsParkedIsForgotten) { // P3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).read(VA, USER);
    write_always(VA, [&] { (void)!protect(pages_at(VA, 1), NO_RIGHTS); });
    ASSERT_GT(writes, 0u);
    EXPECT_TRUE(query(VA).is_dirty);
}

/* The CPU's first write comes after the entry was read and before it is changed. */
TEST_F(AdversaryTest, AFirstWriteJustBeforeTheChangeIsNeverForgotten) { // P3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).read(VA, USER);
    EXPECT_TRUE(machine::act_before_write(
        pc(), table_for(VA, 0), [&] { (void)!protect(pages_at(VA, 1), USER_RO); },
        [&] { try_to_write(VA); }));
    EXPECT_EQ(writes, 1u);
    EXPECT_TRUE(query(VA).is_dirty);
}

TEST_F(AdversaryTest, AFirstWriteJustBeforeASplitIsNeverForgotten) { // P3, law 7
    ASSERT_EQ(map(pages_at(VA, PAGES_2M), DEVICE, USER_RW), STATUS_OK);
    uint64_t page = VA + 100 * PAGE_SIZE;
    cpu(1).read(page, USER);
    EXPECT_TRUE(machine::act_before_write(
        pc(), table_for(VA, 1), [&] { (void)!unmap(pages_at(VA, 1)); },
        [&] { try_to_write(page); }));
    EXPECT_EQ(writes, 1u);
    EXPECT_TRUE(query(page).is_dirty);
}

TEST_F(AdversaryTest, ATableIsSharedThoughACpuNotesItsUseJustBefore) { // P3, law 12
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    EXPECT_TRUE(machine::act_before_write(
        pc(), table_for(VA, 1), [&] { share_with_other(); }, [&] { try_to_write(VA); }));
    EXPECT_EQ(writes, 1u);
    EXPECT_TRUE(query(VA).is_table_shared);
    EXPECT_FALSE(cpu(1).write(VA, 2, USER).succeeded());
}

TEST_F(AdversaryTest, APageIsReplacedThoughACpuWritesToItJustBefore) { // P3
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    cpu(1).read(VA, USER);
    EXPECT_TRUE(machine::act_before_write(
        pc(), table_for(VA, 0), [&] { (void)!remap(pages_at(VA, 1), DEVICE, USER_RO, 0); },
        [&] { try_to_write(VA); }));
    EXPECT_EQ(writes, 1u);
    EXPECT_EQ(cpu(1).read(VA, USER).pa, DEVICE);
}

TEST_F(AdversaryTest, ATableIsTakenOverThoughACpuNotesItsUseJustBefore) { // P3, law 12
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    share_with_other();
    ASSERT_EQ(leave_other(), STATUS_OK);
    EXPECT_TRUE(machine::act_before_write(
        pc(), table_for(VA, 1), [&] { unshare(); }, [&] { cpu(1).read(VA, USER); }));
    EXPECT_FALSE(query(VA).is_table_shared);
}

TEST_F(AdversaryTest, WhateverIsSpeculatedWhileMappingIsTrue) { // T2
    std::vector<phys_addr_t> frames = new_frames(3);
    status result = STATUS_OK;
    speculate_always(VA, 4 * PAGE_SIZE, [&] {
        result = page_table_map_frames(&user, pages_at(VA, 3), frames.data(), USER_RW);
    });
    EXPECT_EQ(result, STATUS_OK);
    pc().look("after mapping under speculation");
}

TEST_F(AdversaryTest, WhateverIsSpeculatedWhileUnmappingIsForgotten) { // G1, G3
    ASSERT_EQ(map_new(pages_at(VA, 3)), STATUS_OK);
    speculate_always(VA, 4 * PAGE_SIZE, [&] { (void)!unmap(pages_at(VA, 3)); });
    EXPECT_EQ(cpu(0).tlb().size() + cpu(1).tlb().size(), 0u);
}

TEST_F(AdversaryTest, WhateverIsSpeculatedWhileRemappingIsForgotten) {
    ASSERT_EQ(map_new(pages_at(VA, 2)), STATUS_OK);
    speculate_always(VA, 2 * PAGE_SIZE, [&] { (void)!remap(pages_at(VA, 2), DEVICE, USER_RO, 0); });
    EXPECT_EQ(cpu(1).read(VA, USER).pa, DEVICE);
}

/* A CPU that begins to translate through the table just then is told, or sees the change. */
TEST_F(AdversaryTest, ACpuThatArrivesAtAnyMomentKeepsNothing) { // S3, S44
    for (uint64_t moment = 0;; moment++) {
        switch_to(1, other);
        pc().run_on(0);
        ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
        uint64_t chance = 0;
        pc().at_every_chance([&] {
            if (chance++ == moment) {
                switch_to(1, user);
                cpu(1).speculate(VA, PAGE_SIZE);
                pc().run_on(0);
            }
        });
        ASSERT_EQ(unmap(pages_at(VA, 1)), STATUS_OK);
        pc().at_every_chance(nullptr);
        EXPECT_FALSE(cpu(1).read(VA, USER).succeeded() && moment < chance);
        if (moment >= chance) {
            break;
        }
    }
}

/* Whoever changes the table in the moment after the load must find the CPU in the mask. */
TEST_F(AdversaryTest, ACpuIsKnownBeforeItLoadsTheTable) { // S3
    uint64_t strangers = 0;
    switch_to(1, other);
    pc().at_every_chance([&] {
        bool is_known = (user.caching_cpus.bits & user.active_cpus.bits & 2) != 0;
        strangers += cpu(1).root() == user.root.value && !is_known;
    });
    switch_to(1, user);
    pc().at_every_chance(nullptr);
    EXPECT_EQ(strangers, 0u);
}

/* The kernel asks so after a fault for which it must take no lock. */
TEST_F(AdversaryTest, AQueryWhileATableComesAndGoesSaysWhatWasOrWhatIs) {
    constexpr uint64_t period = 50; /* of instructions; there are more between two loads */
    ASSERT_EQ(map_new(pages_at(VA, 1)), STATUS_OK);
    const page_query before = query(VA);
    uint64_t slot = table_for(VA, 1) + 8 * level_index(virt_addr(VA), 1);
    uint64_t entry = pc().ram().load(slot);
    for (uint64_t phase = 0; phase < period; phase += 5) {
        uint64_t moment = phase;
        page_query found = {};
        machine::act_between_instructions(
            pc(), [&] { found = page_table_query(&user, virt_addr(VA)); },
            [&] { pc().ram().store(slot, moment++ % period < period / 2 ? entry : 0); });
        EXPECT_TRUE(found.kind == PAGE_ABSENT ? found.level == 1
                                              : found.pa.value == before.pa.value);
    }
    pc().ram().store(slot, entry);
}

} // namespace
