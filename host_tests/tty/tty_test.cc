#include "kernel/tty/tty/tty.h"

#include "host_tests/machine/program.h"
#include "host_tests/tty/tty_test.h"

namespace {

using machine::Moment;
using machine::Program;

TEST_F(TtyTest, WhatIsTypedIsReadAndWhatIsWrittenIsSent) {
    use();
    EXPECT_EQ(type("hello\r"), 6u);
    EXPECT_EQ(get(file), "hello\n");
    EXPECT_EQ(put(file, "world\n"), STATUS_OK);
    EXPECT_EQ(serial_device.sent, "hello\r\nworld\r\n");
    EXPECT_EQ(screen_device.sent, "");
    EXPECT_EQ(tty_of_file(file), serial);
    EXPECT_EQ(tty_device(serial), TTYS0);
}

TEST_F(TtyTest, AReaderWaitsForALine) {
    use();
    std::string text;
    Program reading(pc(), 1, [&] { text = get(file); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    type("ha");
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    type("lf\n");
    reading.finish();
    EXPECT_EQ(text, "half\n");
}

TEST_F(TtyTest, WhoMayNotWaitIsToldToTryAgain) {
    use(OPEN_READ_WRITE | FILE_NO_WAIT);
    std::string text;
    EXPECT_EQ(get_status(file, &text, 10), STATUS_TRY_AGAIN);
    type("\023");
    EXPECT_EQ(put(file, "x"), STATUS_TRY_AGAIN);
    EXPECT_EQ(put(file, ""), STATUS_OK);
}

TEST_F(TtyTest, AWriterWaitsWhileOutputIsStopped) {
    use();
    type("\023");
    Program writing(pc(), 1, [&] { EXPECT_EQ(put(file, "late"), STATUS_OK); });
    EXPECT_EQ(writing.run_to(Moment::DONE), Moment::ASLEEP);
    EXPECT_EQ(serial_device.sent, "");
    type("\021");
    writing.finish();
    EXPECT_EQ(serial_device.sent, "late");
}

TEST_F(TtyTest, ALongWriteIsSentWhole) {
    use();
    size_t done;
    EXPECT_EQ(put(file, std::string(5000, 'x'), &done), STATUS_OK);
    EXPECT_EQ(done, 5000u);
    EXPECT_EQ(serial_device.sent, std::string(5000, 'x'));
}

TEST_F(TtyTest, AWriterGivesWayToWhatIsTyped) {
    use();
    Program writing(pc(), 0, [&] { EXPECT_EQ(put(file, std::string(5000, 'x')), STATUS_OK); });
    while (serial_device.sent.empty()) {
        writing.run_to(Moment::MEMORY_REACHED);
    }
    EXPECT_EQ(serial_device.sent.size(), 256u);
    Program typing(pc(), 1, [&] { type("\003"); });
    EXPECT_EQ(typing.run_to(Moment::DONE), Moment::ASLEEP) << "the writer has the terminal";
    EXPECT_EQ(writing.run_to(Moment::DONE), Moment::ASLEEP) << "and waits before it takes it again";
    EXPECT_EQ(serial_device.sent.size(), 256u);
    typing.finish();
    EXPECT_EQ(world.signals, "10:2 ");
    writing.finish();
    EXPECT_EQ(serial_device.sent.substr(250, 10), "xxxxxx^Cxx");
    EXPECT_EQ(serial_device.sent.size(), 5002u);
}

TEST_F(TtyTest, ASignalEndsALongWriteAndARead) {
    static const sleep_interruption always = {
        .begin = [](sleeper *) {},
        .is_pending = [] { return true; },
        .end = [](sleeper *) {},
    };
    use();
    sleeper_set_interruption(&always);
    size_t done;
    std::string text;
    EXPECT_EQ(put(file, std::string(5000, 'x'), &done), STATUS_OK);
    EXPECT_EQ(done, 256u);
    EXPECT_EQ(get_status(file, &text, 10), STATUS_INTERRUPTED);
    sleeper_set_interruption(nullptr);
}

TEST_F(TtyTest, RoomIsToldOfOnceItIsThere) {
    use();
    EXPECT_LT(type("a\n" + std::string(5000, 'x')), 5002u);
    EXPECT_EQ(serial_device.room_count, 0u);
    EXPECT_EQ(get(file), "a\n");
    EXPECT_EQ(serial_device.room_count, 1u);
    type("\n");
    get(file, 5000);
    EXPECT_EQ(serial_device.room_count, 1u) << "nobody was refused";
    type("a\n" + std::string(5000, 'x'));
    EXPECT_EQ(file_control(file, FLUSH, 0), STATUS_OK);
    EXPECT_EQ(serial_device.room_count, 2u) << "what is forgotten makes room too";
}

TEST_F(TtyTest, PollingSaysWhatThereIs) {
    use();
    sleeper sleeper = {};
    waiter waiter = {};
    waiter.sleeper = &sleeper;
    EXPECT_EQ(file_poll(file, &waiter), READY_TO_WRITE);
    type("a");
    EXPECT_EQ(sleeper.is_woken, 1u);
    EXPECT_EQ(file_poll(file, nullptr), READY_TO_WRITE) << "half a line";
    type("\n");
    EXPECT_EQ(file_poll(file, nullptr), READY_TO_READ | READY_TO_WRITE);
    type("\023");
    EXPECT_EQ(file_poll(file, nullptr), READY_TO_READ);
    waiter_remove(&waiter);
}

TEST_F(TtyTest, PollingForSingleBytesWaitsForAsManyAsAReader) {
    use();
    set_local(TTY_ICANON, 0, 3);
    type("ab");
    EXPECT_EQ(file_poll(file, nullptr), READY_TO_WRITE);
    type("c");
    EXPECT_EQ(file_poll(file, nullptr), READY_TO_READ | READY_TO_WRITE);
}

class SingleBytesTest : public TtyTest {
  protected:
    /* A reader of up to 5 bytes; they are typed and the time passes while it waits. */
    void begin(uint8_t least, uint8_t tenths) {
        use();
        set_local(TTY_ICANON, 0, least, tenths);
        world.now = 1000;
    }

    void pass_time(uint64_t milliseconds) {
        world.now += milliseconds;
        tty_tick();
    }

    std::string text = "?";
};

TEST_F(SingleBytesTest, AtOnceWhateverThereIs) {
    begin(0, 0);
    EXPECT_EQ(get(file, 5), "");
    type("ab");
    EXPECT_EQ(get(file, 5), "ab");
}

TEST_F(SingleBytesTest, SoManyHoweverLongItTakes) {
    begin(3, 0);
    Program reading(pc(), 1, [&] { text = get(file, 5); });
    type("ab");
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    type("c");
    reading.finish();
    EXPECT_EQ(text, "abc");
}

TEST_F(SingleBytesTest, NoMoreThanAreWanted) {
    begin(30, 0);
    type("abcdefg");
    EXPECT_EQ(get(file, 5), "abcde");
}

TEST_F(SingleBytesTest, OneWithinATime) {
    begin(0, 2);
    Program reading(pc(), 1, [&] { text = get(file, 5); });
    EXPECT_FALSE(tty_wants_ticks());
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    EXPECT_TRUE(tty_wants_ticks());
    pass_time(199);
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    pass_time(1);
    reading.finish();
    EXPECT_EQ(text, "");
    EXPECT_FALSE(tty_wants_ticks());
}

TEST_F(SingleBytesTest, TheTimeBeginsWithTheFirst) {
    begin(3, 2);
    Program reading(pc(), 1, [&] { text = get(file, 5); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    pass_time(1000);
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    type("a");
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    pass_time(200);
    reading.finish();
    EXPECT_EQ(text, "a");
}

TEST_F(TtyTest, ModesComeInThreeLayouts) {
    use();
    terminal_modes all = modes();
    EXPECT_EQ(all.local & TTY_ECHO, TTY_ECHO);
    EXPECT_EQ(all.output_speed, 38400u);

    uint8_t plain[37];
    memset(plain, 0xcc, sizeof(plain));
    ASSERT_EQ(ask(GET_MODES, plain), STATUS_OK);
    EXPECT_EQ(memcmp(plain, &all, 36), 0);
    EXPECT_EQ(plain[36], 0xcc);

    uint16_t brief[9] = {};
    ASSERT_EQ(ask(GET_SHORT_MODES, brief), STATUS_OK);
    EXPECT_EQ(brief[3], static_cast<uint16_t>(all.local));
    brief[3] = static_cast<uint16_t>(brief[3] & ~TTY_ECHO);
    brief[4] = 'x' << 8; // the discipline, then the first character
    ASSERT_EQ(ask(SET_SHORT_MODES, brief), STATUS_OK);
    EXPECT_EQ(modes().characters[TTY_VINTR], 'x');
    EXPECT_EQ(modes().local, all.local & ~TTY_ECHO);
    EXPECT_EQ(modes().characters[TTY_VLNEXT], all.characters[TTY_VLNEXT]);
}

TEST_F(TtyTest, ChangingModesMayForgetWhatIsTyped) {
    use();
    terminal_modes same = modes();
    type("a\n");
    ASSERT_EQ(ask(SET_MODES, &same), STATUS_OK);
    EXPECT_EQ(number(INPUT_SIZE), 2u);
    ASSERT_EQ(ask(SET_MODES_FLUSHING, &same), STATUS_OK);
    EXPECT_EQ(number(INPUT_SIZE), 0u);
}

TEST_F(TtyTest, MemoryThatIsMissingIsAFault) {
    use();
    for (uint32_t request : {GET_MODES, SET_MODES, GET_MODES_2, SET_MODES_2, GET_SHORT_MODES,
                             SET_SHORT_MODES, GET_WINDOW, SET_WINDOW, INPUT_SIZE, OUTPUT_SIZE,
                             GET_FOREGROUND, SET_FOREGROUND, GET_SESSION, SET_DISCIPLINE}) {
        EXPECT_EQ(file_control(file, request, 0), STATUS_FAULT) << std::hex << request;
    }
    world.is_privileged = true;
    EXPECT_EQ(file_control(file, TYPE, 0), STATUS_FAULT);
}

TEST_F(TtyTest, RequestsThatATerminalDoesNotKnow) {
    use();
    uint32_t number = 1;
    EXPECT_EQ(ask(GET_SERIAL, &number), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(file_control(file, 0x4b3b, 0), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(ask(SET_DISCIPLINE, &number), STATUS_INVALID);
    EXPECT_EQ(file_control(file, FLUSH, 3), STATUS_INVALID);
    EXPECT_EQ(file_control(file, FLOW, 4), STATUS_INVALID);
    EXPECT_EQ(file_control(file, SEND_BREAK, 1), STATUS_OK);
}

TEST_F(TtyTest, InputIsForgottenAndOutputStoppedOnRequest) {
    use(OPEN_READ_WRITE | FILE_NO_WAIT);
    type("a\n");
    EXPECT_EQ(file_control(file, FLUSH, 1), STATUS_OK);
    EXPECT_EQ(number(INPUT_SIZE), 2u);
    EXPECT_EQ(file_control(file, FLUSH, 0), STATUS_OK);
    EXPECT_EQ(number(INPUT_SIZE), 0u);
    EXPECT_EQ(number(OUTPUT_SIZE), 0u);
    EXPECT_EQ(file_control(file, FLOW, 0), STATUS_OK);
    EXPECT_EQ(put(file, "x"), STATUS_TRY_AGAIN);
    EXPECT_EQ(file_control(file, FLOW, 1), STATUS_OK);
    EXPECT_EQ(put(file, "x"), STATUS_OK);
    EXPECT_EQ(file_control(file, FLOW, 2), STATUS_OK);
    EXPECT_EQ(file_control(file, FLOW, 3), STATUS_OK);
    EXPECT_EQ(serial_device.sent, "a\r\nx\023\021");
}

TEST_F(TtyTest, AWindowThatChangesIsToldToTheForeground) {
    use();
    tty_window window = {};
    ASSERT_EQ(ask(GET_WINDOW, &window), STATUS_OK);
    EXPECT_EQ(window.columns, 80u);
    ASSERT_EQ(ask(SET_WINDOW, &window), STATUS_OK);
    EXPECT_EQ(world.signals, "");
    window.columns = 132;
    ASSERT_EQ(ask(SET_WINDOW, &window), STATUS_OK);
    EXPECT_EQ(world.signals, "10:28 ");
}

TEST_F(TtyTest, OnlyWhoMayAdministerTypesForOthers) {
    use();
    char byte = 'x';
    EXPECT_EQ(ask(TYPE, &byte), STATUS_IO_ERROR);
    world.is_privileged = true;
    EXPECT_EQ(ask(TYPE, &byte), STATUS_OK);
    EXPECT_EQ(serial_device.sent, "x");
}

TEST_F(TtyTest, MemoryThatIsOutLeavesNothingBehind) {
    use();
    expect_all_or_nothing(kernel_space(), [&] {
        Open another;
        return open_status("/tty1", OPEN_READ_WRITE | OPEN_NO_TERMINAL, &another);
    });
    const tty_setup taken = {.device = TTYS0, .driver = &DRIVER, .context = &serial_device};
    tty *made = nullptr;
    EXPECT_EQ(tty_create(&taken, &made), STATUS_EXISTS);
}

TEST_F(TtyTest, WithoutProcessesATerminalStillWorks) {
    tty_set_hooks(nullptr);
    use();
    type("a\n\003");
    EXPECT_EQ(put(file, "x"), STATUS_OK);
    EXPECT_EQ(serial_device.sent, "a\r\n^Cx");
    tty_hang_up(serial);
    EXPECT_EQ(open_status("/tty", OPEN_READ_WRITE), STATUS_NO_DEVICE);
}

} // namespace
