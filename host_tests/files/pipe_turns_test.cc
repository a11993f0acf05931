#include "kernel/files/pipe/pipe.h"

#include "host_tests/files/file_test.h"
#include "host_tests/machine/program.h"

/* Of many who wait at a pipe, a change wakes one. */

namespace {

using machine::Moment;
using machine::Program;

class PipeTurnsTest : public FileTest {
  protected:
    void make_pipe() {
        file *ends[2];
        ASSERT_EQ(file_open_pipe(&ROOT, 0, &ends[0], &ends[1]), STATUS_OK);
        reader = Open(ends[0]);
        writer = Open(ends[1]);
    }

    void end_files() override {
        reader.close();
        writer.close();
    }

    Open reader, writer;
};

TEST_F(PipeTurnsTest, AByteWakesOneOfManyReadersAndEverybodyWhoWatches) {
    make_pipe();
    sleeper sleepers[3] = {};
    waiter waiters[3] = {};
    for (unsigned i = 0; i < 3; i++) {
        waiters[i].sleeper = &sleepers[i];
        waiters[i].interest = READY_TO_READ;
        waiters[i].is_exclusive = i < 2;
        file_poll(reader, &waiters[i]);
    }
    ASSERT_EQ(put(writer, "x"), STATUS_OK);
    EXPECT_TRUE(sleeper_is_woken(&sleepers[0]));
    EXPECT_FALSE(sleeper_is_woken(&sleepers[1]));
    EXPECT_TRUE(sleeper_is_woken(&sleepers[2]));
    ASSERT_EQ(put(writer, "y"), STATUS_OK);
    EXPECT_TRUE(sleeper_is_woken(&sleepers[1])) << "the first one has its turn already";
    for (waiter &waiter : waiters) {
        waiter_remove(&waiter);
    }
}

TEST_F(PipeTurnsTest, AReaderThatLeavesHandsOnAByteThatWokeItTooLate) {
    make_pipe();
    unsigned moments = 0;
    for (bool is_done = false; !is_done && moments < 100; moments++) {
        std::string first, second;
        Program leaving(pc(), 1, [&] { first = get(reader, 1); });
        ASSERT_EQ(leaving.run_to(Moment::DONE), Moment::ASLEEP);
        Program waiting(pc(), 2, [&] { second = get(reader, 1); });
        ASSERT_EQ(waiting.run_to(Moment::DONE), Moment::ASLEEP);
        ASSERT_EQ(put(writer, "x"), STATUS_OK);
        Moment at = Moment::LOCKING;
        for (unsigned i = 0; i < moments && at == Moment::LOCKING; i++) {
            at = leaving.run_to(Moment::LOCKING);
        }
        is_done = at == Moment::DONE;
        Program writing(pc(), 3, [&] { EXPECT_EQ(put(writer, "y"), STATUS_OK); });
        writing.run_to(Moment::DONE); /* or to where it waits for the pipe's lock */
        leaving.finish();
        writing.finish();
        waiting.finish();
        EXPECT_EQ(first + second, "xy");
    }
    EXPECT_GT(moments, 1u);
    EXPECT_LT(moments, 100u);
}

TEST_F(PipeTurnsTest, AReaderThatLeavesSomethingWakesTheNext) {
    make_pipe();
    std::string first, second;
    Program leaving(pc(), 1, [&] { first = get(reader, 1); });
    ASSERT_EQ(leaving.run_to(Moment::DONE), Moment::ASLEEP);
    Program waiting(pc(), 2, [&] { second = get(reader, 1); });
    ASSERT_EQ(waiting.run_to(Moment::DONE), Moment::ASLEEP);
    ASSERT_EQ(put(writer, "xy"), STATUS_OK);
    leaving.finish();
    waiting.finish();
    EXPECT_EQ(first + second, "xy");
}

TEST_F(PipeTurnsTest, AWriterThatLeavesRoomWakesTheNext) {
    make_pipe();
    ASSERT_EQ(put(writer, std::string(PIPE_CAPACITY, 'x')), STATUS_OK);
    status results[2] = {STATUS_INVALID, STATUS_INVALID};
    Program leaving(pc(), 1, [&] { results[0] = put(writer, "1"); });
    ASSERT_EQ(leaving.run_to(Moment::DONE), Moment::ASLEEP);
    Program waiting(pc(), 2, [&] { results[1] = put(writer, "2"); });
    ASSERT_EQ(waiting.run_to(Moment::DONE), Moment::ASLEEP);
    get(reader, PIPE_CAPACITY);
    leaving.finish();
    waiting.finish();
    EXPECT_EQ(results[0], STATUS_OK);
    EXPECT_EQ(results[1], STATUS_OK);
}

} // namespace
