#include "kernel/files/pipe/pipe.h"

#include "mm/heap/heap.h"

#include "host_tests/files/file_test.h"
#include "host_tests/machine/program.h"

namespace {

using machine::Moment;
using machine::Program;

class PipeTest : public FileTest {
  protected:
    /* A pipe, neither of whose ends waits, if told so. */
    void make_pipe(uint32_t flags = 0) {
        file *ends[2];
        ASSERT_EQ(file_open_pipe(&ROOT, flags, &ends[0], &ends[1]), STATUS_OK);
        reader = Open(ends[0]);
        writer = Open(ends[1]);
    }

    void end_files() override {
        reader.close();
        writer.close();
    }

    struct pipe *the_pipe() {
        return file_pipe(reader);
    }

    Open reader, writer;
};

TEST_F(PipeTest, BytesComeOutInOrder) {
    make_pipe();
    EXPECT_EQ(put(writer, "hello "), STATUS_OK);
    EXPECT_EQ(put(writer, "world"), STATUS_OK);
    EXPECT_EQ(get(reader, 8), "hello wo");
    EXPECT_EQ(get(reader), "rld");
    std::string text;
    EXPECT_EQ(get_status(writer, &text, 1), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(put(reader, "x"), STATUS_BAD_DESCRIPTOR);
    EXPECT_EQ(seek(reader, 0, FROM_POSITION), STATUS_NOT_SEEKABLE);
}

TEST_F(PipeTest, WhatIsOnlyLookedAtStays) {
    make_pipe();
    ASSERT_EQ(put(writer, std::string(4090, 'x') + "hello world"), STATUS_OK);
    ASSERT_EQ(get(reader, 4090).size(), 4090u);
    std::string text(100, '?');
    transfer to = transfer_to_memory(text.data(), text.size());
    EXPECT_EQ(pipe_look(the_pipe(), &to, true), STATUS_OK);
    EXPECT_EQ(text.substr(0, to.done_bytes), "hello world") << "over the end of a page";
    transfer some = transfer_to_memory(text.data(), 5);
    EXPECT_EQ(pipe_look(the_pipe(), &some, true), STATUS_OK);
    EXPECT_EQ(some.done_bytes, 5u);
    EXPECT_EQ(get(reader), "hello world");
    EXPECT_EQ(pipe_look(the_pipe(), &to, false), STATUS_OK) << "nothing is wanted any more";
    transfer more = transfer_to_memory(text.data(), 1);
    EXPECT_EQ(pipe_look(the_pipe(), &more, false), STATUS_TRY_AGAIN);
}

TEST_F(PipeTest, RoomIsWaitedForAndCounted) {
    make_pipe();
    size_t room = 0;
    EXPECT_EQ(pipe_wait_for_room(the_pipe(), 1, false, &room), STATUS_OK);
    EXPECT_EQ(room, PIPE_CAPACITY);
    ASSERT_EQ(put(writer, std::string(PIPE_CAPACITY - 1, 'x')), STATUS_OK);
    EXPECT_EQ(pipe_wait_for_room(the_pipe(), 1, false, &room), STATUS_OK);
    EXPECT_EQ(room, 1u);
    EXPECT_EQ(pipe_wait_for_room(the_pipe(), 2, false, &room), STATUS_TRY_AGAIN);
    ASSERT_EQ(put(writer, "y"), STATUS_OK);
    EXPECT_EQ(pipe_wait_for_room(the_pipe(), 1, false, &room), STATUS_TRY_AGAIN);
    pipe_ref(the_pipe());
    struct pipe *pipe = the_pipe();
    reader.close();
    EXPECT_EQ(pipe_wait_for_room(pipe, 1, true, &room), STATUS_BROKEN_PIPE);
    EXPECT_FALSE(pipe_unref(pipe));
}

TEST_F(PipeTest, APageThatIsNotReadToItsEndTakesNoOtherBytes) {
    make_pipe(FILE_NO_WAIT);
    ASSERT_EQ(put(writer, std::string(PIPE_CAPACITY, 'x')), STATUS_OK);
    ASSERT_EQ(get(reader, 1), "x");
    EXPECT_EQ(put(writer, "y"), STATUS_TRY_AGAIN);
    ASSERT_EQ(get(reader, 4095).size(), 4095u);
    EXPECT_EQ(put(writer, "y"), STATUS_OK);
    EXPECT_EQ(get(reader, PIPE_CAPACITY).size(), PIPE_CAPACITY - 4096 + 1);
    EXPECT_EQ(put(writer, std::string(PIPE_CAPACITY, 'x')), STATUS_OK) << "it is empty again";
    size_t room = 9;
    EXPECT_EQ(pipe_wait_for_room(the_pipe(), 1, false, &room), STATUS_TRY_AGAIN);
}

TEST_F(PipeTest, PacketsComeOutOneByOneAndWhatIsNotReadOfOneIsLost) {
    make_pipe(FILE_DIRECT | FILE_NO_WAIT);
    ASSERT_EQ(put(writer, "first"), STATUS_OK);
    ASSERT_EQ(put(writer, std::string(PAGE_SIZE, 'x') + "rest"), STATUS_OK);
    EXPECT_EQ(get(reader, 3), "fir");
    EXPECT_EQ(get(reader, 10'000).size(), PAGE_SIZE);
    EXPECT_EQ(get(reader, 10'000), "rest");
    EXPECT_EQ(pipe_used(the_pipe()), 0u);
    EXPECT_EQ(file_flags(reader) & FILE_DIRECT, 0u) << "it is how the writer writes";
}

TEST_F(PipeTest, OnlyTheOddPartOfAWriteJoinsTheLastPage) {
    make_pipe(FILE_NO_WAIT);
    size_t count = 0;
    while (put(writer, std::string(3000, 'x')) == STATUS_OK) {
        count++;
    }
    EXPECT_EQ(count, PIPE_CAPACITY / PAGE_SIZE);
    EXPECT_EQ(put(writer, std::string(1097, 'x')), STATUS_TRY_AGAIN);
    EXPECT_EQ(put(writer, std::string(1096, 'x')), STATUS_OK);
    EXPECT_EQ(pipe_used(the_pipe()), count * 3000 + 1096);
}

TEST_F(PipeTest, APipeSaysThatItIsAFifo) {
    make_pipe();
    struct file_stat seen;
    file_inspect(writer, &seen);
    EXPECT_EQ(seen.mode, 010600u);
    EXPECT_EQ(seen.link_count, 1u);
}

TEST_F(PipeTest, ManyRoundsThroughTheRingLoseNothing) {
    make_pipe(FILE_NO_WAIT);
    std::string sent, received;
    for (int i = 0; i < 400; i++) {
        std::string text(static_cast<size_t>(i * 37 % 3000 + 1), static_cast<char>('a' + i % 26));
        size_t done = 0;
        if (put(writer, text, &done) == STATUS_OK) {
            sent += text.substr(0, done);
        }
        if (i % 3 != 0) {
            received += get(reader, static_cast<size_t>(i * 53 % 4000 + 1));
        }
    }
    while (received.size() < sent.size()) {
        received += get(reader, 5000);
    }
    EXPECT_EQ(received, sent);
}

TEST_F(PipeTest, AnEndThatMayNotWaitIsToldToTryAgain) {
    make_pipe(FILE_NO_WAIT);
    std::string text;
    EXPECT_EQ(get_status(reader, &text, 1), STATUS_TRY_AGAIN);
    EXPECT_EQ(get_status(reader, &text, 0), STATUS_OK);
    size_t done = 0;
    EXPECT_EQ(put(writer, std::string(100'000, 'x'), &done), STATUS_OK);
    EXPECT_EQ(done, PIPE_CAPACITY) << "a large write is torn";
    EXPECT_EQ(put(writer, "x"), STATUS_TRY_AGAIN);
    EXPECT_EQ(get(reader, 4096).size(), 4096u);
    EXPECT_EQ(put(writer, "x"), STATUS_OK);
    EXPECT_EQ(put(writer, std::string(PIPE_ATOMIC_SIZE, 'x')), STATUS_TRY_AGAIN)
        << "a small one is not";
    EXPECT_EQ(put(writer, std::string(PIPE_ATOMIC_SIZE + 1, 'x'), &done), STATUS_OK);
    EXPECT_EQ(done, 1u) << "the odd byte joins the last page, and no other is free";
}

TEST_F(PipeTest, AReaderWaitsForTheFirstByte) {
    make_pipe();
    std::string text;
    Program reading(pc(), 1, [&] { text = get(reader); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    ASSERT_EQ(put(writer, "late"), STATUS_OK);
    reading.finish();
    EXPECT_EQ(text, "late");
}

TEST_F(PipeTest, AByteThatComesBetweenLookingAndSleepingIsNotMissed) {
    make_pipe();
    unsigned moments = 0;
    for (bool is_done = false; !is_done && moments < 100; moments++) {
        std::string text;
        Program reading(pc(), 1, [&] { text = get(reader, 1); });
        Moment at = Moment::LOCKING;
        for (unsigned i = 0; i < moments && at == Moment::LOCKING; i++) {
            at = reading.run_to(Moment::LOCKING);
        }
        is_done = at == Moment::ASLEEP;
        ASSERT_EQ(put(writer, "x"), STATUS_OK);
        reading.finish();
        EXPECT_EQ(text, "x");
    }
    EXPECT_GT(moments, 1u);
    EXPECT_LT(moments, 100u);
}

TEST_F(PipeTest, AWriterWaitsForRoomAndWritesAll) {
    make_pipe();
    std::string sent(150'000, 'x');
    size_t done = 0;
    Program writing(pc(), 1, [&] { EXPECT_EQ(put(writer, sent, &done), STATUS_OK); });
    size_t received = 0;
    while (writing.run_to(Moment::DONE) == Moment::ASLEEP) {
        received += get(reader, 10'000).size();
    }
    EXPECT_EQ(done, sent.size());
    EXPECT_EQ(received + pipe_used(the_pipe()), sent.size());
}

TEST_F(PipeTest, WithoutAWriterTheReaderComesToTheEnd) {
    make_pipe();
    std::string text = "?";
    Program reading(pc(), 1, [&] { text = get(reader); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    writer.close();
    reading.finish();
    EXPECT_EQ(text, "");
    EXPECT_EQ(file_poll(reader, nullptr), READY_HANG_UP);
}

TEST_F(PipeTest, WithoutAReaderThePipeIsBroken) {
    make_pipe();
    ASSERT_EQ(put(writer, std::string(PIPE_CAPACITY, 'x')), STATUS_OK);
    status result = STATUS_OK;
    Program writing(pc(), 1, [&] { result = put(writer, "x"); });
    EXPECT_EQ(writing.run_to(Moment::DONE), Moment::ASLEEP);
    reader.close();
    writing.finish();
    EXPECT_EQ(result, STATUS_BROKEN_PIPE);
    EXPECT_EQ(file_poll(writer, nullptr), READY_ERROR);
    EXPECT_EQ(put(writer, ""), STATUS_OK);
}

TEST_F(PipeTest, PollingSaysWhatItIsReadyForAndIsToldOfChanges) {
    make_pipe();
    sleeper sleeper = {};
    waiter waiter = {};
    waiter.sleeper = &sleeper;
    EXPECT_EQ(file_poll(writer, nullptr), READY_TO_WRITE);
    EXPECT_EQ(file_poll(reader, &waiter), 0u);
    EXPECT_EQ(sleeper.is_woken, 0u);
    ASSERT_EQ(put(writer, std::string(PIPE_CAPACITY - PIPE_ATOMIC_SIZE + 1, 'x')), STATUS_OK);
    EXPECT_EQ(sleeper.is_woken, 1u);
    EXPECT_EQ(file_poll(reader, nullptr), READY_TO_READ);
    EXPECT_EQ(file_poll(writer, nullptr), 0u) << "not even a small write is sure to fit";
    waiter_remove(&waiter);
    sleeper_prepare(&sleeper);
    get(reader);
    EXPECT_EQ(sleeper.is_woken, 0u);
    waiter_remove(&waiter);
}

TEST_F(PipeTest, AWaiterMayBeCalledInstead) {
    static int calls;
    make_pipe();
    calls = 0;
    waiter waiter = {};
    waiter.notify = [](struct waiter *) { calls++; };
    EXPECT_EQ(file_poll(reader, &waiter), 0u);
    ASSERT_EQ(put(writer, "x"), STATUS_OK);
    EXPECT_EQ(calls, 1);
    waiter_remove(&waiter);
}

static bool signal_is_pending;
static sleeper *interrupted;

TEST_F(PipeTest, ASignalEndsASleep) {
    static const sleep_interruption signals = {
        .begin = [](sleeper *sleeping) { interrupted = sleeping; },
        .is_pending = [] { return signal_is_pending; },
        .end = [](sleeper *) { interrupted = nullptr; },
    };
    make_pipe();
    signal_is_pending = false;
    sleeper_set_interruption(&signals);
    status result = STATUS_OK;
    std::string text;
    Program reading(pc(), 1, [&] { result = get_status(reader, &text, 1); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    signal_is_pending = true;
    sleeper_wake(interrupted);
    reading.finish();
    EXPECT_EQ(result, STATUS_INTERRUPTED);
    EXPECT_EQ(interrupted, nullptr);
    ASSERT_EQ(put(writer, "x"), STATUS_OK);
    EXPECT_EQ(get(reader), "x") << "what is there is read in spite of it";
    sleeper_set_interruption(nullptr);
}

TEST_F(PipeTest, TheUsersPipesTogetherHaveALimitAndRootsHaveNone) {
    std::vector<Open> ends;
    file *made[2];
    auto make = [&](const credentials &who) {
        EXPECT_EQ(file_open_pipe(&who, 0, &made[0], &made[1]), STATUS_OK);
        ends.emplace_back(made[0]);
        ends.emplace_back(made[1]);
        return file_pipe(made[0]);
    };
    for (int i = 0; i < 63; i++) {
        ASSERT_EQ(pipe_set_capacity(make(ALICE), PIPE_CAPACITY_MAX, false), STATUS_OK);
    }
    struct pipe *last = make(ALICE);
    EXPECT_EQ(pipe_set_capacity(last, PIPE_CAPACITY_MAX, false), STATUS_OK) << "16384 pages";
    struct pipe *small = make(ALICE);
    EXPECT_EQ(pipe_capacity(small), 2 * PAGE_SIZE);
    EXPECT_EQ(pipe_set_capacity(small, PIPE_CAPACITY, false), STATUS_NOT_PERMITTED);
    EXPECT_EQ(pipe_set_capacity(small, PIPE_CAPACITY, true), STATUS_OK);
    EXPECT_EQ(pipe_capacity(make(BOB)), PIPE_CAPACITY);
    EXPECT_EQ(pipe_capacity(make(ROOT)), PIPE_CAPACITY);
    EXPECT_EQ(pipe_set_capacity(last, PAGE_SIZE, false), STATUS_OK) << "less is always allowed";
    EXPECT_EQ(pipe_capacity(make(ALICE)), PIPE_CAPACITY);
}

TEST_F(PipeTest, ThePipeCanBeMadeLargerAndSmaller) {
    make_pipe(FILE_NO_WAIT);
    ASSERT_EQ(put(writer, std::string(60'000, 'a')), STATUS_OK);
    EXPECT_EQ(get(reader, 50'000).size(), 50'000u);
    ASSERT_EQ(put(writer, std::string(20'000, 'b')), STATUS_OK);
    EXPECT_EQ(pipe_set_capacity(the_pipe(), 100'000, false), STATUS_OK);
    EXPECT_EQ(pipe_capacity(the_pipe()), 131'072u);
    EXPECT_EQ(pipe_set_capacity(the_pipe(), 4096, false), STATUS_BUSY);
    EXPECT_EQ(pipe_set_capacity(the_pipe(), 0, false), STATUS_BUSY);
    EXPECT_EQ(pipe_set_capacity(the_pipe(), 1ull << 32, false), STATUS_INVALID);
    EXPECT_EQ(pipe_set_capacity(the_pipe(), PIPE_CAPACITY_MAX + 1, false), STATUS_NOT_PERMITTED);
    EXPECT_EQ(pipe_set_capacity(the_pipe(), 30'001, false), STATUS_OK);
    EXPECT_EQ(pipe_capacity(the_pipe()), 32'768u);
    EXPECT_EQ(get(reader, 40'000), std::string(10'000, 'a') + std::string(20'000, 'b'));
    EXPECT_EQ(pipe_set_capacity(the_pipe(), 1, false), STATUS_OK);
    EXPECT_EQ(pipe_capacity(the_pipe()), PAGE_SIZE);
}

TEST_F(PipeTest, MakingThePipeSmallerNeedsNoMemory) {
    make_pipe(FILE_NO_WAIT);
    ASSERT_EQ(put(writer, std::string(14 * PAGE_SIZE, 'a')), STATUS_OK);
    EXPECT_EQ(get(reader, 14 * PAGE_SIZE).size(), 14 * PAGE_SIZE);
    ASSERT_EQ(put(writer, std::string(2 * PAGE_SIZE, 'b')), STATUS_OK);
    ASSERT_EQ(put(writer, std::string(PAGE_SIZE, 'c')), STATUS_OK) << "round the end of the array";
    unsigned allocations = expect_all_or_nothing(
        kernel_space(), [&] { return pipe_set_capacity(the_pipe(), 4 * PAGE_SIZE, false); });
    EXPECT_EQ(allocations, 0u);
    ASSERT_EQ(put(writer, std::string(PAGE_SIZE, 'd')), STATUS_OK);
    EXPECT_EQ(put(writer, "e"), STATUS_TRY_AGAIN) << "it is full";
    EXPECT_EQ(get(reader, 4 * PAGE_SIZE), std::string(2 * PAGE_SIZE, 'b') +
                                              std::string(PAGE_SIZE, 'c') +
                                              std::string(PAGE_SIZE, 'd'));
}

TEST_F(PipeTest, AnEmptiedPipeHoldsOnePageAtMost) {
    make_pipe();
    heap_drain();
    uint64_t before = free_frames();
    ASSERT_EQ(put(writer, std::string(PIPE_CAPACITY, 'x')), STATUS_OK);
    EXPECT_EQ(get(reader, PIPE_CAPACITY).size(), PIPE_CAPACITY);
    EXPECT_GE(free_frames() + 1, before);
}

TEST_F(PipeTest, MemoryThatIsOutEndsAWriteAndLeavesAResizeUndone) {
    make_pipe();
    ASSERT_EQ(put(writer, "x"), STATUS_OK);
    heap_drain();
    {
        FrameDrought drought(1);
        size_t done = 0;
        EXPECT_EQ(put(writer, std::string(3 * PAGE_SIZE, 'x'), &done), STATUS_OK);
        EXPECT_EQ(done, PAGE_SIZE);
        EXPECT_EQ(put(writer, "x"), STATUS_NO_MEMORY);
    }
    expect_all_or_nothing(kernel_space(),
                          [&] { return pipe_set_capacity(the_pipe(), 1 << 20, false); });
    EXPECT_EQ(get(reader, 10'000).size(), PAGE_SIZE + 1);
    expect_all_or_nothing(kernel_space(), [&] {
        file *ends[2];
        status result = file_open_pipe(&ROOT, 0, &ends[0], &ends[1]);
        if (result == STATUS_OK) {
            file_unref(ends[0]);
            file_unref(ends[1]);
        }
        return result;
    });
}

class FifoTest : public PipeTest {
  protected:
    void SetUp() override {
        PipeTest::SetUp();
        ASSERT_EQ(make_at("/fifo", NODE_FIFO), STATUS_OK);
    }
};

TEST_F(FifoTest, AReaderAndAWriterWaitForEachOther) {
    Program reading(pc(), 1, [&] { reader = open("/fifo", OPEN_READ_ONLY); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    writer = open("/fifo", OPEN_WRITE_ONLY);
    reading.finish();
    ASSERT_EQ(put(writer, "text"), STATUS_OK);
    EXPECT_EQ(get(reader), "text");
}

TEST_F(FifoTest, AWriterThatCameAndWentLetsTheReaderIn) {
    Program reading(pc(), 1, [&] { reader = open("/fifo", OPEN_READ_ONLY); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    {
        Open brief = open("/fifo", OPEN_WRITE_ONLY);
        ASSERT_EQ(put(brief, "text"), STATUS_OK);
    }
    reading.finish();
    EXPECT_EQ(get(reader), "text");
    EXPECT_EQ(get(reader), "");
}

TEST_F(FifoTest, WithoutWaitingAReaderIsLetInAndAWriterIsNot) {
    EXPECT_EQ(open_status("/fifo", OPEN_WRITE_ONLY | FILE_NO_WAIT), STATUS_NO_DEVICE);
    reader = open("/fifo", OPEN_READ_ONLY | FILE_NO_WAIT);
    EXPECT_EQ(file_poll(reader, nullptr), 0u) << "no writer yet is not the end";
    EXPECT_EQ(get(reader), "");
    writer = open("/fifo", OPEN_WRITE_ONLY | FILE_NO_WAIT);
    EXPECT_EQ(file_poll(reader, nullptr), 0u);
    writer.close();
    EXPECT_EQ(file_poll(reader, nullptr), READY_HANG_UP);
}

TEST_F(FifoTest, OpenForBothNeverWaits) {
    reader = open("/fifo", OPEN_READ_WRITE);
    ASSERT_EQ(put(reader, "x"), STATUS_OK);
    EXPECT_EQ(get(reader), "x");
}

TEST_F(FifoTest, WhatNobodyReadIsGoneWhenNobodyHasItOpen) {
    {
        Open both = open("/fifo", OPEN_READ_WRITE);
        ASSERT_EQ(put(both, "x"), STATUS_OK);
    }
    reader = open("/fifo", OPEN_READ_WRITE | FILE_NO_WAIT);
    std::string text;
    EXPECT_EQ(get_status(reader, &text, 1), STATUS_TRY_AGAIN);
}

class EventTest : public FileTest {
  protected:
    void make_event(uint32_t count, bool takes_one_at_once, uint32_t flags = FILE_NO_WAIT) {
        file *made;
        ASSERT_EQ(file_open_event(count, takes_one_at_once, flags, &made), STATUS_OK);
        event = Open(made);
    }

    void end_files() override {
        event.close();
    }

    status add(uint64_t count) {
        return put(event, std::string(reinterpret_cast<char *>(&count), sizeof(count)));
    }

    uint64_t take() {
        uint64_t count = 0;
        std::string text = get(event, sizeof(count));
        memcpy(&count, text.data(), text.size());
        return count;
    }

    Open event;
};

TEST_F(EventTest, ReadingTakesTheWholeCount) {
    make_event(2, false);
    EXPECT_EQ(add(3), STATUS_OK);
    EXPECT_EQ(file_poll(event, nullptr), READY_TO_READ | READY_TO_WRITE);
    EXPECT_EQ(take(), 5u);
    std::string text;
    EXPECT_EQ(get_status(event, &text, 8), STATUS_TRY_AGAIN);
    EXPECT_EQ(get_status(event, &text, 7), STATUS_INVALID);
    EXPECT_EQ(file_poll(event, nullptr), READY_TO_WRITE);
}

TEST_F(EventTest, ASemaphoreGivesOneAtATime) {
    make_event(2, true);
    EXPECT_EQ(take(), 1u);
    EXPECT_EQ(take(), 1u);
    std::string text;
    EXPECT_EQ(get_status(event, &text, 8), STATUS_TRY_AGAIN);
}

TEST_F(EventTest, TheCountHasALargestValue) {
    make_event(0, false);
    EXPECT_EQ(add(UINT64_MAX), STATUS_INVALID);
    EXPECT_EQ(add(UINT64_MAX - 1), STATUS_OK);
    EXPECT_EQ(add(1), STATUS_TRY_AGAIN);
    EXPECT_EQ(file_poll(event, nullptr), READY_TO_READ);
    EXPECT_EQ(put(event, "short"), STATUS_INVALID);
}

TEST_F(EventTest, AReaderWaitsForTheCount) {
    make_event(0, false, 0);
    uint64_t taken = 0;
    Program reading(pc(), 1, [&] { taken = take(); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    EXPECT_EQ(add(7), STATUS_OK);
    reading.finish();
    EXPECT_EQ(taken, 7u);
}

} // namespace
