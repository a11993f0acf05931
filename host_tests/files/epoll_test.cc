#include "kernel/files/epoll/epoll.h"

#include "mm/heap/heap.h"

#include "host_tests/files/file_test.h"
#include "kernel/files/pipe/pipe.h"

namespace {

constexpr uint32_t IN = READY_TO_READ;
constexpr uint32_t OUT = READY_TO_WRITE;

class EpollTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        set = make_set();
        file *ends[2];
        ASSERT_EQ(file_open_pipe(&ROOT, FILE_NO_WAIT, &ends[0], &ends[1]), STATUS_OK);
        reader = Open(ends[0]);
        writer = Open(ends[1]);
    }

    void end_files() override {
        set.close();
        reader.close();
        writer.close();
        FileTest::end_files();
    }

    static Open make_set() {
        file *made = nullptr;
        EXPECT_EQ(epoll_open(&made), STATUS_OK);
        return Open(made);
    }

    static status add(file *to, file *watched, uint32_t events, uint64_t data = 0,
                      uint32_t number = 3) {
        epoll_event event = {events, data};
        return epoll_add(to, watched, number, &event);
    }

    /* What is ready now: data and events of each, as text. */
    static std::string collect(file *from, size_t count = 10) {
        std::vector<epoll_event> events(count);
        transfer to = transfer_to_memory(events.data(), count * sizeof(epoll_event));
        EXPECT_EQ(epoll_collect(from, &to), STATUS_OK);
        std::string text;
        for (size_t i = 0; i < to.done_bytes / sizeof(epoll_event); i++) {
            text += std::to_string(events[i].data) + ":" + std::to_string(events[i].events) + " ";
        }
        return text;
    }

    Open set, reader, writer;
};

TEST_F(EpollTest, WhatIsReadyIsToldAsLongAsItIs) {
    ASSERT_EQ(add(set, reader, IN, 7), STATUS_OK);
    EXPECT_EQ(collect(set), "");
    EXPECT_EQ(file_poll(set, nullptr), 0u);
    ASSERT_EQ(put(writer, "ab"), STATUS_OK);
    EXPECT_EQ(file_poll(set, nullptr), READY_TO_READ);
    EXPECT_EQ(collect(set), "7:1 ");
    EXPECT_EQ(collect(set), "7:1 ");
    EXPECT_EQ(get(reader), "ab");
    EXPECT_EQ(collect(set), "");
    EXPECT_EQ(file_poll(set, nullptr), 0u);
}

TEST_F(EpollTest, WhatIsReadyWhenItIsAddedIsTold) {
    ASSERT_EQ(put(writer, "a"), STATUS_OK);
    ASSERT_EQ(add(set, reader, IN | EPOLL_EDGE, 1), STATUS_OK);
    ASSERT_EQ(add(set, writer, OUT | IN, 2, 4), STATUS_OK);
    EXPECT_EQ(collect(set), "1:1 2:4 ");
}

TEST_F(EpollTest, AnEdgeIsToldOnce) {
    ASSERT_EQ(add(set, reader, IN | EPOLL_EDGE, 1), STATUS_OK);
    ASSERT_EQ(put(writer, "abc"), STATUS_OK);
    EXPECT_EQ(collect(set), "1:1 ");
    EXPECT_EQ(get(reader, 1), "a");
    EXPECT_EQ(collect(set), "") << "what is left is no edge (man 7 epoll)";
    ASSERT_EQ(put(writer, "d"), STATUS_OK);
    EXPECT_EQ(collect(set), "1:1 ");
}

TEST_F(EpollTest, WhatIsAskedForOnceIsToldOnce) {
    ASSERT_EQ(add(set, reader, IN | EPOLL_ONE_SHOT, 1), STATUS_OK);
    ASSERT_EQ(put(writer, "a"), STATUS_OK);
    EXPECT_EQ(collect(set), "1:1 ");
    ASSERT_EQ(put(writer, "b"), STATUS_OK);
    EXPECT_EQ(collect(set), "");
    writer.close();
    EXPECT_EQ(collect(set), "") << "not even the end";
    epoll_event again = {IN | EPOLL_ONE_SHOT, 5};
    EXPECT_EQ(epoll_change(set, reader, 3, &again), STATUS_OK);
    EXPECT_EQ(collect(set), "5:17 ");
}

TEST_F(EpollTest, TheEndIsToldUnasked) {
    ASSERT_EQ(add(set, reader, 0, 1), STATUS_OK);
    ASSERT_EQ(put(writer, "a"), STATUS_OK);
    EXPECT_EQ(collect(set), "");
    writer.close();
    EXPECT_EQ(collect(set), "1:16 ");
}

TEST_F(EpollTest, AFewAtATimeComeInTurn) {
    ASSERT_EQ(add(set, writer, OUT, 1, 1), STATUS_OK);
    ASSERT_EQ(add(set, writer, OUT, 2, 2), STATUS_OK);
    ASSERT_EQ(add(set, writer, OUT, 3, 3), STATUS_OK);
    EXPECT_EQ(collect(set, 2), "1:4 2:4 ");
    EXPECT_EQ(collect(set, 2), "3:4 1:4 ");
}

TEST_F(EpollTest, AFileIsWatchedOnceUnderANumber) {
    epoll_event event = {IN, 1};
    EXPECT_EQ(epoll_change(set, reader, 3, &event), STATUS_NOT_FOUND);
    EXPECT_EQ(epoll_remove(set, reader, 3), STATUS_NOT_FOUND);
    EXPECT_EQ(add(set, reader, IN), STATUS_OK);
    EXPECT_EQ(add(set, reader, OUT), STATUS_EXISTS);
    EXPECT_EQ(add(set, reader, IN, 2, 4), STATUS_OK);
    EXPECT_EQ(epoll_remove(set, reader, 3), STATUS_OK);
    EXPECT_EQ(epoll_remove(set, reader, 3), STATUS_NOT_FOUND);
    ASSERT_EQ(put(writer, "a"), STATUS_OK);
    EXPECT_EQ(collect(set), "2:1 ");
}

TEST_F(EpollTest, WhatIsAlwaysReadyCannotBeWatched) {
    Open file = open("/f", OPEN_READ_WRITE | OPEN_CREATE);
    EXPECT_EQ(add(set, file, IN), STATUS_NOT_PERMITTED);
    EXPECT_EQ(add(set, set, IN), STATUS_INVALID);
}

TEST_F(EpollTest, AFileThatIsClosedIsWatchedNoMore) {
    ASSERT_EQ(add(set, reader, IN, 1), STATUS_OK);
    ASSERT_EQ(add(set, writer, OUT, 2), STATUS_OK);
    reader.close();
    EXPECT_EQ(collect(set), "2:12 ") << "it can be written to, and that is an error";
    writer.close();
    EXPECT_EQ(collect(set), "");
}

TEST_F(EpollTest, ASetCanBeWatched) {
    Open outer = make_set();
    ASSERT_EQ(add(outer, set, IN, 9), STATUS_OK);
    ASSERT_EQ(add(set, reader, IN, 1), STATUS_OK);
    EXPECT_EQ(collect(outer), "");
    ASSERT_EQ(put(writer, "a"), STATUS_OK);
    EXPECT_EQ(collect(outer), "9:1 ");
    EXPECT_EQ(get(reader), "a");
    EXPECT_EQ(collect(outer), "");
}

TEST_F(EpollTest, SetsDoNotWatchEachOtherAndAreNotDeep) {
    std::vector<Open> chain;
    for (int i = 0; i < 6; i++) {
        chain.push_back(make_set());
    }
    for (size_t i = 0; i < 4; i++) {
        ASSERT_EQ(add(chain[i + 1], chain[i], IN), STATUS_OK);
    }
    EXPECT_EQ(add(chain[0], chain[4], IN), STATUS_LINK_LOOP);
    EXPECT_EQ(add(chain[5], chain[4], IN), STATUS_LINK_LOOP) << "too deep";
}

TEST_F(EpollTest, OnlySomeEventsGoWithExclusiveness) {
    EXPECT_EQ(add(set, reader, IN | EPOLL_EXCLUSIVE | EPOLL_ONE_SHOT), STATUS_INVALID);
    EXPECT_EQ(add(set, reader, IN | EPOLL_EXCLUSIVE), STATUS_OK);
    epoll_event event = {IN, 1};
    EXPECT_EQ(epoll_change(set, reader, 3, &event), STATUS_INVALID);
    event.events |= EPOLL_EXCLUSIVE;
    EXPECT_EQ(epoll_change(set, reader, 3, &event), STATUS_INVALID);
}

TEST_F(EpollTest, AnEventThatFindsNoMemoryIsNotLost) {
    ASSERT_EQ(add(set, reader, IN | EPOLL_EDGE, 1), STATUS_OK);
    ASSERT_EQ(put(writer, "a"), STATUS_OK);
    static const transfer_side nowhere = {
        [](void *, size_t, const void *, size_t size_bytes) { return size_bytes; }, nullptr};
    transfer to = transfer_begin(&nowhere, nullptr, sizeof(epoll_event));
    EXPECT_EQ(epoll_collect(set, &to), STATUS_FAULT);
    EXPECT_EQ(collect(set), "1:1 ");
}

} // namespace
