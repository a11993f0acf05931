#include "kernel/tty/tty/tty.h"

#include "host_tests/machine/program.h"
#include "host_tests/tty/tty_test.h"

namespace {

using machine::Moment;
using machine::Program;

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

TEST_F(JobControlTest, WhoCannotReadItMayNotMakeItTheControllingOne) {
    use(OPEN_WRITE_ONLY);
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_NOT_PERMITTED);
    world.is_privileged = true;
    EXPECT_EQ(file_control(file, MAKE_CONTROLLING, 0), STATUS_OK);
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
    world.strangers = {30};
    EXPECT_EQ(set_foreground(30), STATUS_NOT_PERMITTED);
    EXPECT_EQ(set_foreground(40), STATUS_NO_SUCH_PROCESS);
    EXPECT_EQ(set_foreground(static_cast<uint32_t>(-1)), STATUS_INVALID);
    EXPECT_EQ(set_foreground(20), STATUS_OK);
    EXPECT_EQ(tty_foreground(serial), 20u);
    EXPECT_EQ(world.held, std::multiset<uint32_t>{20}) << "its number is not given to another";
    world.groups = {10};
    EXPECT_EQ(type("\3"), 1u);
    EXPECT_EQ(world.signals, "") << "it has ended";
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
    EXPECT_EQ(reading.run_to(Moment::DONE), Moment::ASLEEP);
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
    set_local(TTY_ECHO | TTY_ICANON, 0);
    type("\023");
    tty_hang_up(serial);
    use(OPEN_READ_WRITE | FILE_NO_WAIT);
    EXPECT_EQ(modes().local, terminal_modes_usual().local);
    EXPECT_EQ(tty_session(serial), 10u);
    EXPECT_EQ(put(file, "x"), STATUS_OK);
    type("\004");
    EXPECT_EQ(get(file), "");
}

TEST_F(JobControlTest, TheConsoleIsNeverLost) {
    file = open("/console");
    tty_hang_up(screen);
    EXPECT_EQ(put(file, "x"), STATUS_OK);
    EXPECT_EQ(file_poll(file, nullptr), READY_TO_WRITE);
}

} // namespace
