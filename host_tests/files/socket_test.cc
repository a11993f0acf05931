#include "kernel/files/socket/socket.h"

#include "host_tests/files/file_test.h"
#include "host_tests/machine/program.h"
#include "mm/heap/heap.h"

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
        socket_receiving receiving = {};
        receiving.transfer = &to;
        receiving.peeks = true;
        status result = socket_receive(end, &receiving);
        text->resize(to.done_bytes);
        *whole = receiving.packet_bytes;
        socket_files_free(receiving.files);
        return result;
    }

    static size_t pending(file *end) {
        size_t size_bytes = 0;
        EXPECT_EQ(socket_pending(end, &size_bytes), STATUS_OK);
        return size_bytes;
    }

    /* Sends the file, of which it takes the reference, with one byte. */
    static status send_file(file *end, file *sent) {
        transfer from = transfer_from_memory("x", 1);
        socket_sending sending = {};
        sending.transfer = &from;
        sending.files = static_cast<socket_files *>(heap_alloc(sizeof(socket_files)));
        sending.files->files[sending.files->count++] = sent;
        return socket_send(end, &sending);
    }

    static socket_name abstract(const std::string &text) {
        const uint16_t family = SOCKET_FAMILY_UNIX;
        socket_name name = {};
        memcpy(name.bytes, &family, sizeof(family));
        memcpy(name.bytes + SOCKET_NAME_START + 1, text.data(), text.size());
        name.size_bytes = static_cast<uint32_t>(SOCKET_NAME_START + 1 + text.size());
        return name;
    }

    static Open make_one(socket_kind kind) {
        file *made = nullptr;
        EXPECT_EQ(socket_open(kind, FILE_NO_WAIT, &made), STATUS_OK);
        return Open(made);
    }

    Open left, right;
};

TEST_F(SocketTest, AStreamGoesBothWays) {
    make(SOCKET_STREAM);
    EXPECT_EQ(put(left, "hello "), STATUS_OK);
    EXPECT_EQ(put(left, "world"), STATUS_OK);
    EXPECT_EQ(put(right, "back"), STATUS_OK);
    EXPECT_EQ(pending(right), 11u);
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
    EXPECT_EQ(pending(right), 10'007u) << "of all; of datagrams, of the first";
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
    constexpr size_t longest = SOCKET_BUFFER_SIZE - 32;
    EXPECT_EQ(put(left, std::string(longest + 1, 'x')), STATUS_MESSAGE_TOO_LONG);
    EXPECT_EQ(put(left, std::string(longest, 'x')), STATUS_OK);
    EXPECT_EQ(get(right, SOCKET_BUFFER_SIZE).size(), longest);
}

TEST_F(SocketTest, WhoMayNotWaitIsToldToTryAgain) {
    make(SOCKET_SEQUENCED, FILE_NO_WAIT);
    std::string text;
    EXPECT_EQ(get_status(right, &text, 10), STATUS_TRY_AGAIN);
    EXPECT_EQ(put(left, std::string(200'000, 'x')), STATUS_OK);
    EXPECT_EQ(put(left, std::string(100'000, 'x')), STATUS_OK) << "as long as less is on its way";
    EXPECT_EQ(put(left, "x"), STATUS_TRY_AGAIN);
}

TEST_F(SocketTest, ASenderWaitsUntilMostIsReceived) {
    make(SOCKET_SEQUENCED);
    ASSERT_EQ(put(left, std::string(200'000, 'a')), STATUS_OK);
    ASSERT_EQ(put(left, std::string(100'000, 'b')), STATUS_OK);
    status result = STATUS_INVALID;
    Program sending(pc(), 1, [&] { result = put(left, "c"); });
    EXPECT_EQ(sending.run_to(Moment::DONE), Moment::ASLEEP);
    EXPECT_EQ(get(right, 1), "a");
    EXPECT_EQ(get(right, 1), "b");
    EXPECT_EQ(sending.run_to(Moment::DONE), Moment::DONE);
    EXPECT_EQ(result, STATUS_OK);
    EXPECT_EQ(get(right, 1), "c");
}

TEST_F(SocketTest, WhoIsClosedIsAtTheEndForTheOther) {
    make(SOCKET_STREAM);
    ASSERT_EQ(put(left, "x"), STATUS_OK);
    left.close();
    EXPECT_EQ(file_poll(right, nullptr), 0x2215u) << "IN, OUT, HUP, WRBAND, RDHUP";
    EXPECT_EQ(get(right), "x");
    EXPECT_EQ(get(right), "");
    EXPECT_EQ(put(right, "y"), STATUS_BROKEN_PIPE);
}

TEST_F(SocketTest, EachDirectionEndsByItself) {
    make(SOCKET_SEQUENCED);
    ASSERT_EQ(put(left, "x"), STATUS_OK);
    socket_shut_down(left, {.receiving = false, .sending = true});
    socket_shut_down(left, {.receiving = false, .sending = true});
    EXPECT_EQ(put(left, "y"), STATUS_BROKEN_PIPE);
    EXPECT_EQ(get(right), "x");
    EXPECT_EQ(get(right), "");
    EXPECT_EQ(put(right, "back"), STATUS_OK);
    EXPECT_EQ(get(left), "back");
    socket_shut_down(left, {.receiving = true, .sending = false});
    EXPECT_EQ(put(right, "again"), STATUS_BROKEN_PIPE);
    EXPECT_EQ(get(left), "");
}

TEST_F(SocketTest, OneWaitIsForBothDirections) {
    make(SOCKET_STREAM);
    constexpr uint32_t writable = READY_TO_WRITE | 0x200;
    EXPECT_EQ(file_poll(left, nullptr), writable);
    sleeper sleeper = {};
    waiter waiter = {};
    waiter.sleeper = &sleeper;
    (void)file_poll(left, &waiter);
    ASSERT_EQ(put(right, "x"), STATUS_OK);
    EXPECT_EQ(sleeper.is_woken, 1u);
    EXPECT_EQ(file_poll(left, nullptr), READY_TO_READ | writable);
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

TEST_F(SocketTest, SendingWithoutMemoryLeavesNothing) {
    make(SOCKET_DATAGRAM, FILE_NO_WAIT);
    expect_all_or_nothing(kernel_space(), [&] { return put(left, std::string(10'000, 'x')); });
}

TEST_F(SocketTest, ConnectingWithoutMemoryLeavesNothing) {
    Open listener = make_one(SOCKET_STREAM);
    Open client = make_one(SOCKET_STREAM);
    const socket_name name = abstract("name");
    ASSERT_EQ(socket_bind(listener, &name), STATUS_OK);
    ASSERT_EQ(socket_listen(listener, 1), STATUS_OK);
    expect_all_or_nothing(kernel_space(), [&] { return socket_connect(client, &name); });
    Open accepted;
    expect_all_or_nothing(kernel_space(), [&] {
        file *made = nullptr;
        status result = socket_accept(listener, 0, &made);
        accepted = Open(made);
        return result;
    });
    ASSERT_EQ(put(client, "hello"), STATUS_OK);
    EXPECT_EQ(get(accepted), "hello");
}

TEST_F(SocketTest, WhatNobodyAcceptsEndsWithItsListener) {
    Open listener = make_one(SOCKET_STREAM);
    Open client = make_one(SOCKET_STREAM);
    const socket_name name = abstract("name");
    ASSERT_EQ(socket_bind(listener, &name), STATUS_OK);
    ASSERT_EQ(socket_listen(listener, 1), STATUS_OK);
    ASSERT_EQ(socket_connect(client, &name), STATUS_OK);
    ASSERT_EQ(put(client, "lost"), STATUS_OK);
    listener.close();
    std::string text;
    EXPECT_EQ(get_status(client, &text, 10), STATUS_CONNECTION_RESET);
    EXPECT_EQ(get(client), "");
}

/* The frame counts after each test say whether anything was lost. */
TEST_F(SocketTest, SocketsThatOnlyTheyThemselvesReferToGo) {
    make(SOCKET_STREAM);
    file_ref(left);
    file_ref(right);
    ASSERT_EQ(send_file(left, left), STATUS_OK) << "right can receive it still";
    ASSERT_EQ(send_file(right, right), STATUS_OK);
    heap_counts before = heap_count();
    left.close();
    EXPECT_EQ(heap_count().object_count, before.object_count);
    right.close();
    EXPECT_LT(heap_count().object_count, before.object_count);
}

TEST_F(SocketTest, TwoThatAreInMessagesToEachOtherAloneGo) {
    make(SOCKET_STREAM);
    file *others[2];
    ASSERT_EQ(socket_open_pair(SOCKET_STREAM, 0, others), STATUS_OK);
    file_ref(right);
    file_ref(others[1]);
    ASSERT_EQ(send_file(left, others[1]), STATUS_OK) << "right has it";
    ASSERT_EQ(send_file(others[0], right), STATUS_OK) << "and is had by it";
    left.close();
    file_unref(others[0]);
    right.close();
    heap_counts before = heap_count();
    EXPECT_EQ(heap_count().object_count, before.object_count);
    file_unref(others[1]);
    EXPECT_LT(heap_count().object_count, before.object_count);
}

TEST_F(SocketTest, ASocketThatGetsItsOwnLastReferenceGoes) {
    file *ends[2];
    ASSERT_EQ(socket_open_pair(SOCKET_STREAM, FILE_NO_WAIT, ends), STATUS_OK);
    EXPECT_EQ(send_file(ends[0], ends[1]), STATUS_OK);
    EXPECT_EQ(put(ends[0], "x"), STATUS_BROKEN_PIPE);
    file_unref(ends[0]);
}

TEST_F(SocketTest, AListenerInFlightKeepsWhatWaitsForIt) {
    make(SOCKET_STREAM);
    Open listener = make_one(SOCKET_STREAM);
    Open client = make_one(SOCKET_STREAM);
    const socket_name name = abstract("name");
    ASSERT_EQ(socket_bind(listener, &name), STATUS_OK);
    ASSERT_EQ(socket_listen(listener, 1), STATUS_OK);
    ASSERT_EQ(socket_connect(client, &name), STATUS_OK);
    file_ref(client);
    ASSERT_EQ(send_file(client, client), STATUS_OK) << "to be received by whoever accepts";
    file_ref(listener);
    ASSERT_EQ(send_file(left, listener), STATUS_OK);
    client.close();
    listener.close();
    heap_counts before = heap_count();
    socket_receiving receiving = {};
    char byte;
    transfer to = transfer_to_memory(&byte, 1);
    receiving.transfer = &to;
    ASSERT_EQ(socket_receive(right, &receiving), STATUS_OK);
    ASSERT_NE(receiving.files, nullptr);
    file *accepted = nullptr;
    EXPECT_EQ(socket_accept(receiving.files->files[0], 0, &accepted), STATUS_OK);
    EXPECT_EQ(get(accepted), "x");
    file_unref(accepted);
    socket_files_free(receiving.files);
    EXPECT_LT(heap_count().object_count, before.object_count);
}

TEST_F(SocketTest, ALongChainOfSocketsInFlightEndsAtOnce) {
    make(SOCKET_DATAGRAM);
    file_ref(left);
    file *chain = left;
    for (int i = 0; i < 500; i++) {
        file *ends[2];
        ASSERT_EQ(socket_open_pair(SOCKET_DATAGRAM, 0, ends), STATUS_OK);
        ASSERT_EQ(send_file(ends[0], chain), STATUS_OK);
        file_unref(ends[0]);
        chain = ends[1];
    }
    file_unref(chain);
    EXPECT_EQ(put(left, "x"), STATUS_OK);
}

} // namespace
