#include "kernel/tty/tty/tty.h"

#include <cstring>
#include <set>

#include "host_tests/files/file_test.h"
#include "host_tests/machine/program.h"

namespace {

using machine::Moment;
using machine::Program;

constexpr uint32_t TTYS0 = 0x440;
constexpr uint32_t TTY1 = 0x401;

// Requests of man 2 ioctl_tty.
constexpr uint32_t GET_MODES = 0x5401, SET_MODES = 0x5402, SET_MODES_FLUSHING = 0x5404;
constexpr uint32_t GET_SHORT_MODES = 0x5405, SET_SHORT_MODES = 0x5406;
constexpr uint32_t GET_MODES_2 = 0x802c542a, SET_MODES_2 = 0x402c542b;
constexpr uint32_t SEND_BREAK = 0x5409, FLOW = 0x540a, FLUSH = 0x540b;
constexpr uint32_t MAKE_CONTROLLING = 0x540e, GET_FOREGROUND = 0x540f, SET_FOREGROUND = 0x5410;
constexpr uint32_t OUTPUT_SIZE = 0x5411, TYPE = 0x5412, GET_WINDOW = 0x5413, SET_WINDOW = 0x5414;
constexpr uint32_t GET_SERIAL = 0x541e, INPUT_SIZE = 0x541b, GIVE_UP = 0x5422;
constexpr uint32_t SET_DISCIPLINE = 0x5423, GET_SESSION = 0x5429;

// The process that runs, and what became of others.
struct World {
    uint32_t group, session;
    bool is_leader, is_deaf, is_orphaned, is_privileged;
    tty *controlling;
    std::set<uint32_t> groups; // of the session
    std::string signals;
    uint64_t now;
};
World world;

const tty_hooks HOOKS = {
    .signal_group =
        [](uint32_t group, int signal) {
            world.signals += std::to_string(group) + ":" + std::to_string(signal) + " ";
        },
    .current_group = [] { return world.group; },
    .current_session = [] { return world.session; },
    .is_session_leader = [] { return world.is_leader; },
    .current_blocks_or_ignores = [](int) { return world.is_deaf; },
    .is_current_group_orphaned = [] { return world.is_orphaned; },
    .group_is_in_session =
        [](uint32_t group, uint32_t session) {
            return session == world.session && world.groups.count(group) > 0;
        },
    .set_controlling = [](tty *terminal) { world.controlling = terminal; },
    .controlling = [] { return world.controlling; },
    .is_privileged = [] { return world.is_privileged; },
    .copy_in = [](void *to, uint64_t user, size_t size_bytes) -> size_t {
        if (user == 0) {
            return size_bytes;
        }
        memcpy(to, reinterpret_cast<const void *>(user), size_bytes);
        return 0;
    },
    .copy_out = [](uint64_t user, const void *from, size_t size_bytes) -> size_t {
        if (user == 0) {
            return size_bytes;
        }
        memcpy(reinterpret_cast<void *>(user), from, size_bytes);
        return 0;
    },
    .milliseconds = [] { return world.now; },
};

/* The device under the terminals: keeps what it is sent. */
struct Device {
    std::string sent;
    unsigned room_count = 0;
};

const tty_driver DRIVER = {
    .write = [](void *context, const char *bytes,
                size_t length) { static_cast<Device *>(context)->sent.append(bytes, length); },
    .has_room = [](void *context) { static_cast<Device *>(context)->room_count++; },
};

class TtyTest : public FileTest {
  protected:
    void SetUp() override {
        FileTest::SetUp();
        world = {.group = 10, .session = 10, .is_leader = true, .groups = {10, 20}};
        tty_set_hooks(&HOOKS);
        serial = make_tty(TTYS0, &serial_device);
        screen = make_tty(TTY1, &screen_device);
        ASSERT_EQ(tty_register_aliases(screen), STATUS_OK);
        make_node("/ttyS0", TTYS0);
        make_node("/tty1", TTY1);
        make_node("/tty", 0x500);
        make_node("/console", 0x501);
    }

    void end_files() override {
        file.close();
        device_unregister_all();
        tty_destroy_all();
        tty_set_hooks(nullptr);
    }

    static tty *make_tty(uint32_t device, Device *context) {
        const tty_setup setup = {
            .device = device,
            .driver = &DRIVER,
            .context = context,
            .modes = terminal_modes_usual(),
            .window = {.rows = 25, .columns = 80},
        };
        tty *made = nullptr;
        EXPECT_EQ(tty_create(&setup, &made), STATUS_OK);
        return made;
    }

    void make_node(const std::string &path, uint32_t device) {
        node_request request = {};
        request.kind = NODE_CHARACTER_DEVICE;
        request.permissions = 0666;
        request.device = device;
        ASSERT_EQ(path_make(&view, path.c_str(), &request), STATUS_OK);
    }

    void use(uint32_t flags = OPEN_READ_WRITE) {
        file = open("/ttyS0", flags);
    }

    size_t type(const std::string &text) {
        return tty_receive(serial, text.data(), text.size());
    }

    template <typename T> status ask(uint32_t request, T *answer) {
        return file_control(file, request, reinterpret_cast<uint64_t>(answer));
    }

    uint32_t number(uint32_t request) {
        uint32_t answer = UINT32_MAX;
        EXPECT_EQ(ask(request, &answer), STATUS_OK);
        return answer;
    }

    status set_foreground(uint32_t group) {
        return ask(SET_FOREGROUND, &group);
    }

    terminal_modes modes() {
        terminal_modes answer = {};
        EXPECT_EQ(ask(GET_MODES_2, &answer), STATUS_OK);
        return answer;
    }

    void set_local(uint32_t cleared, uint32_t set, uint8_t least = 1, uint8_t tenths = 0) {
        terminal_modes changed = modes();
        changed.local = (changed.local & ~cleared) | set;
        changed.characters[TTY_VMIN] = least;
        changed.characters[TTY_VTIME] = tenths;
        ASSERT_EQ(ask(SET_MODES_2, &changed), STATUS_OK);
    }

    Device serial_device, screen_device;
    tty *serial = nullptr;
    tty *screen = nullptr;
    Open file;
};

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
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    pass_time(199);
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    pass_time(1);
    reading.finish();
    EXPECT_EQ(text, "");
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
    ASSERT_EQ(ask(SET_SHORT_MODES, brief), STATUS_OK);
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

class JobControlTest : public TtyTest {
  protected:
    /* From now on another group is in the foreground. */
    void go_to_background() {
        use();
        ASSERT_EQ(set_foreground(20), STATUS_OK);
    }

    std::string text;
};

TEST_F(JobControlTest, ALeadersFirstTerminalBecomesTheControllingOne) {
    EXPECT_EQ(open_status("/tty", OPEN_READ_WRITE), STATUS_NO_DEVICE);
    use();
    EXPECT_EQ(world.controlling, serial);
    EXPECT_EQ(number(GET_FOREGROUND), 10u);
    EXPECT_EQ(number(GET_SESSION), 10u);
    EXPECT_EQ(tty_session(serial), 10u);
    Open same = open("/tty");
    EXPECT_EQ(tty_of_file(same), serial);
    Open other = open("/tty1");
    EXPECT_EQ(world.controlling, serial);
    EXPECT_EQ(tty_session(screen), 0u);
}

TEST_F(JobControlTest, NobodyElsesBecomesTheControllingOne) {
    use(OPEN_READ_WRITE | OPEN_NO_TERMINAL);
    EXPECT_EQ(file_flags(file), OPEN_READ_WRITE) << "which F_GETFL does not show";
    use(OPEN_WRITE_ONLY);
    Open console = open("/console");
    EXPECT_EQ(tty_of_file(console), screen);
    world.is_leader = false;
    use();
    EXPECT_EQ(world.controlling, nullptr);
    uint32_t group = 10;
    EXPECT_EQ(ask(GET_FOREGROUND, &group), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(ask(SET_FOREGROUND, &group), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(ask(GET_SESSION, &group), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(file_control(file, GIVE_UP, 0), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_NOT_PERMITTED);
}

TEST_F(JobControlTest, ALeaderMayAskForIt) {
    file = open("/console");
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_OK);
    EXPECT_EQ(world.controlling, screen);
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_OK);
    use();
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_NOT_PERMITTED) << "one is enough";
}

TEST_F(JobControlTest, OnlyWhoMayAdministerTakesItFromAnotherSession) {
    use();
    world.session = world.group = 30;
    world.controlling = nullptr;
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 1), STATUS_NOT_PERMITTED);
    world.is_privileged = true;
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_NOT_PERMITTED);
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 1), STATUS_OK);
    EXPECT_EQ(tty_session(serial), 30u);
    world.session = world.group = 10;
    EXPECT_EQ(open_status("/tty", OPEN_READ_WRITE), STATUS_NO_DEVICE) << "it has it no more";
}

TEST_F(JobControlTest, SignalsGoToTheForeground) {
    go_to_background();
    type("\003\034\032");
    EXPECT_EQ(world.signals, "20:2 20:3 20:20 ");
}

TEST_F(JobControlTest, TheForegroundIsAGroupOfTheSession) {
    use();
    EXPECT_EQ(set_foreground(30), STATUS_NOT_PERMITTED);
    EXPECT_EQ(set_foreground(static_cast<uint32_t>(-1)), STATUS_INVALID);
    EXPECT_EQ(set_foreground(20), STATUS_OK);
    EXPECT_EQ(tty_foreground(serial), 20u);
}

TEST_F(JobControlTest, ReadingInTheBackgroundIsStopped) {
    go_to_background();
    type("a\n");
    EXPECT_EQ(get_status(file, &text, 10), STATUS_INTERRUPTED);
    EXPECT_EQ(world.signals, "10:21 ");
    world.is_orphaned = true;
    EXPECT_EQ(get_status(file, &text, 10), STATUS_IO_ERROR);
    world.is_orphaned = false;
    world.is_deaf = true;
    EXPECT_EQ(get_status(file, &text, 10), STATUS_IO_ERROR);
    EXPECT_EQ(world.signals, "10:21 ");
    world.group = 20;
    EXPECT_EQ(get(file), "a\n");
}

TEST_F(JobControlTest, WritingInTheBackgroundIsStoppedOnlyWhereAskedFor) {
    use();
    EXPECT_EQ(put(file, "a"), STATUS_OK);
    set_local(0, TTY_TOSTOP);
    ASSERT_EQ(set_foreground(20), STATUS_OK);
    EXPECT_EQ(put(file, "b"), STATUS_INTERRUPTED);
    EXPECT_EQ(world.signals, "10:22 ");
    world.is_deaf = true;
    EXPECT_EQ(put(file, "c"), STATUS_OK);
    world.is_deaf = false;
    world.is_orphaned = true;
    EXPECT_EQ(put(file, "d"), STATUS_IO_ERROR);
    EXPECT_EQ(serial_device.sent, "ac");
}

TEST_F(JobControlTest, TheConsoleStopsNobody) {
    file = open("/console");
    ASSERT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_OK);
    set_local(0, TTY_TOSTOP);
    ASSERT_EQ(set_foreground(20), STATUS_OK);
    EXPECT_EQ(put(file, "b"), STATUS_OK);
    tty_receive(screen, "x\n", 2);
    EXPECT_EQ(get(file), "x\n");
    EXPECT_EQ(world.signals, "");
}

TEST_F(JobControlTest, ChangingFromTheBackgroundIsStopped) {
    use();
    terminal_modes same = modes();
    ASSERT_EQ(set_foreground(20), STATUS_OK);
    EXPECT_EQ(ask(SET_MODES_2, &same), STATUS_INTERRUPTED);
    EXPECT_EQ(file_control(file, FLUSH, 0), STATUS_INTERRUPTED);
    EXPECT_EQ(file_control(file, FLOW, 0), STATUS_INTERRUPTED);
    EXPECT_EQ(file_control(file, SEND_BREAK, 1), STATUS_INTERRUPTED);
    EXPECT_EQ(set_foreground(10), STATUS_INTERRUPTED);
    EXPECT_EQ(world.signals, "10:22 10:22 10:22 10:22 10:22 ");
    world.is_orphaned = true;
    EXPECT_EQ(set_foreground(10), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(ask(SET_MODES_2, &same), STATUS_IO_ERROR);
    world.is_deaf = true;
    EXPECT_EQ(set_foreground(10), STATUS_OK) << "as a shell does that ignores SIGTTOU";
}

TEST_F(JobControlTest, AnotherSessionsTerminalStopsNobody) {
    go_to_background();
    world.controlling = nullptr;
    type("a\n");
    EXPECT_EQ(get(file), "a\n");
}

TEST_F(JobControlTest, ALeaderGivesItUpForItsSession) {
    go_to_background();
    EXPECT_EQ(file_control(file, GIVE_UP, 0), STATUS_OK);
    EXPECT_EQ(world.controlling, nullptr);
    EXPECT_EQ(world.signals, "20:1 20:18 ");
    EXPECT_EQ(tty_session(serial), 0u);
}

TEST_F(JobControlTest, AnotherProcessGivesUpItsOwn) {
    use();
    world.is_leader = false;
    EXPECT_EQ(file_control(file, GIVE_UP, 0), STATUS_OK);
    EXPECT_EQ(world.controlling, nullptr);
    EXPECT_EQ(tty_session(serial), 10u);
    EXPECT_EQ(world.signals, "");
}

TEST_F(JobControlTest, AfterAHangUpTheOpenFilesAreLost) {
    use();
    Program reading(pc(), 1, [&] { text = get(file); });
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
    type("half");
    tty_hang_up(serial);
    reading.finish();
    EXPECT_EQ(text, "");
    EXPECT_EQ(world.signals, "10:1 10:18 ");
    EXPECT_EQ(put(file, "x"), STATUS_IO_ERROR);
    EXPECT_EQ(get(file), "");
    terminal_modes all = {};
    EXPECT_EQ(ask(GET_MODES_2, &all), STATUS_IO_ERROR);
    EXPECT_EQ(set_foreground(10), STATUS_NOT_A_TERMINAL);
    EXPECT_EQ(file_poll(file, nullptr),
              READY_TO_READ | READY_TO_WRITE | READY_ERROR | READY_HANG_UP);
    EXPECT_EQ(open_status("/tty", OPEN_READ_WRITE), STATUS_NO_DEVICE);
}

TEST_F(JobControlTest, AfterAHangUpItCanBeOpenedAgain) {
    use();
    tty_hang_up(serial);
    use();
    EXPECT_EQ(tty_session(serial), 10u);
    EXPECT_EQ(put(file, "x"), STATUS_OK);
    type("\004");
    EXPECT_EQ(get(file), "");
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
