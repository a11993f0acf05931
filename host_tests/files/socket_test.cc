#include "kernel/files/socket/socket.h"

#include "host_tests/files/file_test.h"
#include "host_tests/machine/program.h"

namespace {

using machine::Moment;
using machine::Program;

class SocketTest : public FileTest {
  protected:
    void make(socket_kind kind, uint32_t flags = 0) {
        file *ends[2];
        ASSERT_EQ(socket_open_pair(kind, flags, ends), STATUS_OK);
        left = Open(ends[0]);
        right = Open(ends[1]);
    }

    void end_files() override {
        left.close();
        right.close();
        FileTest::end_files();
    }

    static status peek(file *end, std::string *text, size_t size_bytes, size_t *whole) {
        text->assign(size_bytes, '?');
        transfer to = transfer_to_memory(text->data(), size_bytes);
        status result = socket_peek(end, &to, false, whole);
        text->resize(to.done_bytes);
        return result;
    }

    Open left, right;
};

TEST_F(SocketTest, AStreamGoesBothWays) {
    make(SOCKET_STREAM);
    EXPECT_EQ(put(left, "hello "), STATUS_OK);
    EXPECT_EQ(put(left, "world"), STATUS_OK);
    EXPECT_EQ(put(right, "back"), STATUS_OK);
    EXPECT_EQ(socket_pending(right), 11u);
    std::string text;
    size_t whole = 0;
    EXPECT_EQ(peek(right, &text, 5, &whole), STATUS_OK);
    EXPECT_EQ(text, "hello");
    EXPECT_EQ(get(right), "hello world");
    EXPECT_EQ(get(left), "back");
    EXPECT_EQ(seek(left, 0, FROM_START), STATUS_NOT_SEEKABLE);
    file_stat seen;
    file_inspect(left, &seen);
    EXPECT_EQ(seen.mode & KIND_MASK, 0140000u);
}

TEST_F(SocketTest, PacketsStayWhatTheyAre) {
    make(SOCKET_SEQUENCED);
    EXPECT_EQ(put(left, "one"), STATUS_OK);
    EXPECT_EQ(put(left, ""), STATUS_OK);
    EXPECT_EQ(put(left, std::string(10'000, 'x')), STATUS_OK);
    EXPECT_EQ(put(left, "last"), STATUS_OK);
    EXPECT_EQ(socket_pending(right), 3u);
    EXPECT_EQ(get(right), "one");
    EXPECT_EQ(get(right), "") << "nothing is a packet too";
    std::string text;
    size_t whole = 0;
    EXPECT_EQ(peek(right, &text, 4, &whole), STATUS_OK);
    EXPECT_EQ(text, "xxxx");
    EXPECT_EQ(whole, 10'000u);
    EXPECT_EQ(get(right, 4), "xxxx") << "the rest is lost";
    EXPECT_EQ(get(right), "last");
}

TEST_F(SocketTest, APacketThatNeverFitsIsRefused) {
    make(SOCKET_DATAGRAM);
    EXPECT_EQ(put(left, std::string(SOCKET_CAPACITY, 'x')), STATUS_MESSAGE_TOO_LONG);
    EXPECT_EQ(put(left, std::string(SOCKET_CAPACITY - 4, 'x')), STATUS_OK);
    EXPECT_EQ(get(right, SOCKET_CAPACITY).size(), SOCKET_CAPACITY - 4);
}

TEST_F(SocketTest, WhoMayNotWaitIsToldToTryAgain) {
    make(SOCKET_SEQUENCED, FILE_NO_WAIT);
    std::string text;
    EXPECT_EQ(get_status(right, &text, 10), STATUS_TRY_AGAIN);
    EXPECT_EQ(put(left, std::string(200'000, 'x')), STATUS_OK);
    EXPECT_EQ(put(left, std::string(100'000, 'x')), STATUS_TRY_AGAIN);
    EXPECT_EQ(put(left, "fits"), STATUS_OK);
}

TEST_F(SocketTest, APacketWaitsForAllOfItsRoom) {
    make(SOCKET_SEQUENCED);
    ASSERT_EQ(put(left, std::string(100'000, 'a')), STATUS_OK);
    ASSERT_EQ(put(left, std::string(100'000, 'b')), STATUS_OK);
    status result = STATUS_INVALID;
    Program sending(pc(), 1, [&] { result = put(left, std::string(100'000, 'c')); });
    EXPECT_EQ(sending.run_to(Moment::DONE), Moment::ASLEEP);
    EXPECT_EQ(get(right, 1), "a");
    EXPECT_EQ(sending.run_to(Moment::DONE), Moment::DONE);
    EXPECT_EQ(result, STATUS_OK);
    EXPECT_EQ(get(right, 1), "b");
    EXPECT_EQ(get(right, 1), "c");
}

TEST_F(SocketTest, WhoIsClosedIsAtTheEndForTheOther) {
    make(SOCKET_STREAM);
    ASSERT_EQ(put(left, "x"), STATUS_OK);
    left.close();
    EXPECT_EQ(file_poll(right, nullptr), 0x2015u) << "IN, OUT, HUP, RDHUP";
    EXPECT_EQ(get(right), "x");
    EXPECT_EQ(get(right), "");
    EXPECT_EQ(put(right, "y"), STATUS_BROKEN_PIPE);
}

TEST_F(SocketTest, EachDirectionEndsByItself) {
    make(SOCKET_SEQUENCED);
    ASSERT_EQ(put(left, "x"), STATUS_OK);
    socket_end_sending(left);
    socket_end_sending(left);
    EXPECT_EQ(put(left, "y"), STATUS_BROKEN_PIPE);
    EXPECT_EQ(get(right), "x");
    EXPECT_EQ(get(right), "");
    EXPECT_EQ(put(right, "back"), STATUS_OK);
    EXPECT_EQ(get(left), "back");
    socket_end_receiving(left);
    EXPECT_EQ(put(right, "again"), STATUS_BROKEN_PIPE);
    EXPECT_EQ(get(left), "");
}

TEST_F(SocketTest, OneWaitIsForBothDirections) {
    make(SOCKET_STREAM);
    EXPECT_EQ(file_poll(left, nullptr), READY_TO_WRITE);
    sleeper sleeper = {};
    waiter waiter = {};
    waiter.sleeper = &sleeper;
    (void)file_poll(left, &waiter);
    ASSERT_EQ(put(right, "x"), STATUS_OK);
    EXPECT_EQ(sleeper.is_woken, 1u);
    EXPECT_EQ(file_poll(left, nullptr), READY_TO_READ | READY_TO_WRITE);
    waiter_remove(&waiter);
}

TEST_F(SocketTest, MakingAPairWithoutMemoryLeavesNothing) {
    expect_all_or_nothing(kernel_space(), [&] {
        file *ends[2];
        status result = socket_open_pair(SOCKET_STREAM, 0, ends);
        if (result == STATUS_OK) {
            left = Open(ends[0]);
            right = Open(ends[1]);
        }
        return result;
    });
}

} // namespace
