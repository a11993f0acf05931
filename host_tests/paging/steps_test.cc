#include "host_tests/machine/program.h"
#include "host_tests/paging/paging_test.h"

/* Two CPUs at work in one process: what each may rely on at each step of the other. */

namespace {

using machine::Moment;
using machine::Program;

constexpr uint64_t VA = 13 * GIB;

class StepsTest : public PagingOnEveryMachineTest {
  protected:
    void SetUp() override {
        PagingOnEveryMachineTest::SetUp();
        frame = new_frames(1).front();
        ASSERT_EQ(page_table_map_frames(&user, pages_at(VA, 1), &frame, USER_RW), STATUS_OK);
        cpu(1).write(VA, 1, USER);
    }

    phys_addr_t frame = {};
};

TEST_P(StepsTest, AFrameIsNotFreeBeforeTheLastCpuHasAcknowledged) { // G2
    pc().interrupts_off(1);
    Program unmapping(pc(), 0, [&] { (void)!unmap(pages_at(VA, 1)); });
    EXPECT_EQ(unmapping.run_to(Moment::DONE), Moment::FLUSH_AWAITED);
    EXPECT_TRUE(cpu(1).write(VA, 2, USER).succeeded());
    EXPECT_EQ(frame_state_of(frame), FRAME_ANON);
    pc().interrupts_on(1);
    unmapping.finish();
    EXPECT_EQ(frame_state_of(frame), FRAME_FREE);
}

TEST_P(StepsTest, ACpuThatEntersAfterTheFlushWasAskedForSeesTheNewTables) { // S3
    switch_to(1, other);
    Program unmapping(pc(), 0, [&] { (void)!unmap(pages_at(VA, 1)); });
    EXPECT_EQ(unmapping.run_to(Moment::FLUSH_STARTED), Moment::FLUSH_STARTED);
    switch_to(1, user);
    bool was_asked_too = setup().pcid; /* its context may know the page still */
    EXPECT_EQ(cpu(1).read(VA, USER).succeeded(), was_asked_too);
    unmapping.finish();
    EXPECT_FALSE(cpu(1).read(VA, USER).succeeded());
}

TEST_P(StepsTest, AProcessIsNotDestroyedUnderACpuThatHasJustEntered) { // S53
    switch_to(1, other);
    Program entering(pc(), 1, [&] { page_table_activate(&user, &other); });
    EXPECT_EQ(entering.run_to(Moment::TABLE_LOADED), Moment::TABLE_LOADED);
    EXPECT_EQ(page_table_destroy_user(&user), STATUS_BUSY);
    EXPECT_EQ(page_table_destroy_user(&other), STATUS_BUSY) << "its CPU has not left it yet";
    entering.finish();
    EXPECT_EQ(other.active_cpus.bits, 0u);
    pc().run_on(1);
    page_table_activate(&other, &user);
}

TEST_P(StepsTest, TwoCpusUnmapTwoPagesAtOnce) { // G2
    struct virt_range second = pages_at(VA + GIB, 1);
    ASSERT_EQ(map_new(second), STATUS_OK);
    cpu(0).write(VA + GIB, 1, USER);
    cpu(1).write(VA + GIB, 1, USER);
    pc().look_only_at_the_end();
    Program first(pc(), 0, [&] { (void)!unmap(pages_at(VA, 1)); });
    Program other_one(pc(), 1, [&] { (void)!unmap(second); });
    EXPECT_EQ(first.run_to(Moment::FLUSH_AWAITED), Moment::FLUSH_AWAITED);
    EXPECT_EQ(other_one.run_to(Moment::FLUSH_AWAITED), Moment::FLUSH_AWAITED);
    first.finish();
    EXPECT_TRUE(cpu(0).read(VA + GIB, USER).succeeded()) << "nobody has waited for that yet";
    other_one.finish();
    EXPECT_FALSE(cpu(0).read(VA + GIB, USER).succeeded());
}

INSTANTIATE_TEST_SUITE_P(Machines, StepsTest, testing::ValuesIn(EVERY_MACHINE), name_of_setup);

} // namespace
