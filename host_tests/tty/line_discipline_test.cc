#include "kernel/tty/line/line_discipline.h"

#include <gtest/gtest.h>

#include <string>

#include "host_tests/tty/line_test.h"

namespace {

struct Case {
    const char *name;
    uint32_t input_cleared, input_set, local_cleared, local_set;
    std::string typed, echoed, read;
};

class TypingTest : public testing::TestWithParam<Case> {};

TEST_P(TypingTest, IsEchoedAndRead) {
    const Case &given = GetParam();
    Line line;
    line.change(&terminal_modes::input, given.input_cleared, given.input_set);
    line.change(&terminal_modes::local, given.local_cleared, given.local_set);
    line.type(given.typed);
    EXPECT_EQ(line.sent(), given.echoed);
    EXPECT_EQ(line.read(), given.read);
    EXPECT_EQ(line.signals, "");
}

const Case CASES[] = {
    {"ALine", 0, 0, 0, 0, "ab\n", "ab\r\n", "ab\n"},
    {"AReturnIsALineFeed", 0, 0, 0, 0, "ab\r", "ab\r\n", "ab\n"},
    {"AReturnAsItIs", TTY_ICRNL, 0, 0, 0, "a\rb\n", "a^Mb\r\n", "a\rb\n"},
    {"AReturnIgnored", 0, TTY_IGNCR, 0, 0, "a\rb\n", "ab\r\n", "ab\n"},
    {"ALineFeedAsReturn", TTY_ICRNL, TTY_INLCR, 0, 0, "a\n", "a^M", ""},
    {"AnUnfinishedLine", 0, 0, 0, 0, "ab", "ab", ""},
    {"NoEcho", 0, 0, TTY_ECHO, 0, "ab\n", "", "ab\n"},
    {"OnlyLineFeedsEchoed", 0, 0, TTY_ECHO, TTY_ECHONL, "ab\n", "\r\n", "ab\n"},
    {"ControlCharacters", 0, 0, 0, 0, "\001\033\n", "^A^[\r\n", "\001\033\n"},
    {"ControlCharactersAsTheyAre", 0, 0, TTY_ECHOCTL, 0, "\001\n", "\001\r\n", "\001\n"},
    {"ATabIsShown", 0, 0, 0, 0, "a\tb\n", "a\tb\r\n", "a\tb\n"},
    {"Erasing", 0, 0, 0, 0, "ab\177c\n", "ab\b \bc\r\n", "ac\n"},
    {"ErasingNothing", 0, 0, 0, 0, "\177a\n", "a\r\n", "a\n"},
    {"ErasingOverTheLinesBegin", 0, 0, 0, 0, "a\nb\177\177\n", "a\r\nb\b \b\r\n", "a\n"},
    {"ErasingAControlCharacter", 0, 0, 0, 0, "\001\177\n", "^A\b \b\b \b\r\n", "\n"},
    {"ErasingAnInvisibleOne", 0, 0, TTY_ECHOCTL, 0, "\001\177\n", "\001\r\n", "\n"},
    {"ErasingATab", 0, 0, 0, 0, "abc\t\177\n", "abc\t\b\b\b\b\b\r\n", "abc\n"},
    {"ErasingATabBehindAnother", 0, 0, 0, 0, "a\tb\t\177\n", "a\tb\t\b\b\b\b\b\b\b\r\n", "a\tb\n"},
    {"ErasingATabBehindTwoColumns", 0, 0, 0, 0, "\001\t\177\n", "^A\t\b\b\b\b\b\b\r\n", "\001\n"},
    {"ErasingWithoutBackspaces", 0, 0, TTY_ECHOE, 0, "ab\177\n", "ab^?\r\n", "a\n"},
    {"ErasingUnseen", 0, 0, TTY_ECHO, 0, "ab\177\n", "", "a\n"},
    {"ErasingBytes", 0, 0, 0, 0, "\303\244\177\n", "\303\244\b \b\r\n", "\303\n"},
    {"ErasingACharacter", 0, TTY_IUTF8, 0, 0, "x\303\244\177\n", "x\303\244\b \b\r\n", "x\n"},
    {"ErasingNoPartOfACharacter", 0, TTY_IUTF8, 0, 0, "\244\177\n", "\244\r\n", "\244\n"},
    {"ErasingAWord", 0, 0, 0, 0, "one two, \027\n", "one two, \b \b\b \b\b \b\b \b\b \b\r\n",
     "one \n"},
    {"ErasingAWordOnlyWhereExtended", 0, 0, TTY_IEXTEN, 0, "a\027\n", "a^W\r\n", "a\027\n"},
    {"Killing", 0, 0, 0, 0, "ab\025c\n", "ab\b \b\b \bc\r\n", "c\n"},
    {"KillingNothing", 0, 0, 0, 0, "\025c\n", "c\r\n", "c\n"},
    {"KillingWithANewLine", 0, 0, TTY_ECHOKE, 0, "ab\025c\n", "ab^U\r\nc\r\n", "c\n"},
    {"KillingWithAMark", 0, 0, TTY_ECHOK, 0, "ab\025c\n", "ab^Uc\r\n", "c\n"},
    {"KillingUnseen", 0, 0, TTY_ECHO, 0, "ab\025c\n", "", "c\n"},
    {"TheNextOneLiterally", 0, 0, 0, 0, "a\026\003b\n", "a^\b^Cb\r\n", "a\003b\n"},
    {"ALineFeedLiterally", 0, 0, 0, 0, "a\026\nb\n", "a^\b^Jb\r\n", "a\nb\n"},
    {"LiterallyUnseen", 0, 0, TTY_ECHO, 0, "\026\026\n", "", "\026\n"},
    {"Reprinting", 0, 0, 0, 0, "ab\022c\n", "ab^R\r\nabc\r\n", "abc\n"},
    {"TheEndOfAFile", 0, 0, 0, 0, "\004", "", ""},
    {"TheEndBehindALine", 0, 0, 0, 0, "ab\004", "ab", "ab"},
    {"Stripped", 0, TTY_ISTRIP, 0, 0, "\341\n", "a\r\n", "a\n"},
    {"Lowered", 0, TTY_IUCLC, 0, 0, "AbZ\n", "abz\r\n", "abz\n"},
    {"LoweredInLatin1", 0, TTY_IUCLC, 0, 0, "\304\327\337\n", "\344\327\337\r\n", "\344\327\337\n"},
    {"ErasingAWordOfLatin1", 0, 0, 0, 0, "a,\344\304\367\027\n",
     "a,\344\304\367\b \b\b \b\b \b\r\n", "a,\n"},
    {"LoweredOnlyWhereExtended", 0, TTY_IUCLC, TTY_IEXTEN, 0, "Ab\n", "Ab\r\n", "Ab\n"},
    {"ANulIsNoCharacterOfTheirs", 0, 0, 0, 0, std::string("\0\n", 2), "^@\r\n",
     std::string("\0\n", 2)},
    {"NoLines", 0, 0, TTY_ICANON, 0, "a\177\004\n", "a^?^D^J", "a\177\004\n"},
    {"LineFeedsWithoutLines", 0, 0, TTY_ICANON, 0, "a\n\r", "a^J\r\n", "a\n\n"},
    {"NoSignals", 0, 0, TTY_ISIG, 0, "\003\034\032\n", "^C^\\^Z\r\n", "\003\034\032\n"},
    {"NoFlowControl", TTY_IXON, 0, 0, 0, "\023\021\n", "^S^Q\r\n", "\023\021\n"},
};

INSTANTIATE_TEST_SUITE_P(LineDiscipline, TypingTest, testing::ValuesIn(CASES),
                         [](const auto &each) { return each.param.name; });

struct WriteCase {
    const char *name;
    uint32_t cleared, set;
    std::string written, sent;
};

class WritingTest : public testing::TestWithParam<WriteCase> {};

TEST_P(WritingTest, IsSent) {
    const WriteCase &given = GetParam();
    Line line;
    line.change(&terminal_modes::output, given.cleared, given.set);
    line.write(given.written);
    EXPECT_EQ(line.sent(), given.sent);
}

const WriteCase WRITE_CASES[] = {
    {"LineFeeds", 0, 0, "a\nb\n", "a\r\nb\r\n"},
    {"LineFeedsAsTheyAre", TTY_ONLCR, 0, "a\n", "a\n"},
    {"NothingChanged", TTY_OPOST, TTY_OLCUC, "a\nb\t", "a\nb\t"},
    {"ReturnsAsLineFeeds", TTY_ONLCR, TTY_OCRNL, "a\r", "a\n"},
    {"NoReturnAtTheMargin", 0, TTY_ONOCR, "\ra\r\r", "a\r"},
    {"NoReturnBehindALineFeedThatReturns", TTY_ONLCR, TTY_ONOCR | TTY_ONLRET, "a\n\rb", "a\nb"},
    {"TabsAsBlanks", 0, TTY_XTABS, "ab\tc\t", "ab      c       "},
    {"TabsBehindABackspace", 0, TTY_XTABS, "ab\b\t", "ab\b       "},
    {"TabsBehindAControlCharacter", 0, TTY_XTABS, "\007\t", "\007        "},
    {"UpperCase", 0, TTY_OLCUC, "azAZ{", "AZAZ{"},
    {"UpperCaseOfLatin1", 0, TTY_OLCUC, "\344\367", "\304\367"},
};

INSTANTIATE_TEST_SUITE_P(LineDiscipline, WritingTest, testing::ValuesIn(WRITE_CASES),
                         [](const auto &each) { return each.param.name; });

class LineDisciplineTest : public testing::Test {
  protected:
    Line line;
};

TEST_F(LineDisciplineTest, LinesAreReadOneByOne) {
    line.type("one\ntwo\nthr");
    EXPECT_EQ(line_input_size(&line.state), 8u);
    EXPECT_EQ(line.read(), "one\n");
    EXPECT_EQ(line.read(2), "tw");
    EXPECT_EQ(line.read(), "o\n");
    EXPECT_FALSE(line_has_input(&line.state));
}

TEST_F(LineDisciplineTest, AnEndOfFileIsFoundOnce) {
    line.type("ab\004\004c\n");
    EXPECT_EQ(line_input_size(&line.state), 4u);
    EXPECT_EQ(line.read(2), "ab") << "and the end that follows";
    EXPECT_TRUE(line_has_input(&line.state));
    EXPECT_EQ(line.read(), "");
    EXPECT_EQ(line.read(), "c\n");
}

TEST_F(LineDisciplineTest, AnEndThatIsNotReachedStays) {
    line.type("abc\004");
    EXPECT_EQ(line.read(2), "ab");
    EXPECT_EQ(line.read(2), "c");
    EXPECT_FALSE(line_has_input(&line.state));
}

TEST_F(LineDisciplineTest, OtherCharactersMayEndALine) {
    line.state.modes.characters[TTY_VEOL] = ';';
    line.state.modes.characters[TTY_VEOL2] = ':';
    line.type("a;b:");
    EXPECT_EQ(line.read(), "a;");
    EXPECT_EQ(line.read(), "b:");
    EXPECT_EQ(line.sent(), "a;b:");
}

TEST_F(LineDisciplineTest, SignalsForgetWhatWasTypedAndAreEchoed) {
    line.type("old\nab\003c\034\032d\n");
    EXPECT_EQ(line.signals, "2 3 20 ");
    EXPECT_EQ(line.sent(), "old\r\nab^Cc^\\^Zd\r\n");
    EXPECT_EQ(line.read(), "d\n");
}

TEST_F(LineDisciplineTest, SignalsThatForgetNothing) {
    line.change(&terminal_modes::local, 0, TTY_NOFLSH);
    line.type("ab\003c\n");
    EXPECT_EQ(line.signals, "2 ");
    EXPECT_EQ(line.read(), "abc\n");
}

TEST_F(LineDisciplineTest, ALongLineIsCutAndItsEndStillFits) {
    EXPECT_EQ(line.type(std::string(5000, 'x') + "\n"), 5001u);
    EXPECT_EQ(line.read(), std::string(LINE_BUFFER_SIZE - 1, 'x') + "\n");
}

TEST_F(LineDisciplineTest, NothingMoreIsTakenBehindCompleteLines) {
    line.type("first\n");
    EXPECT_EQ(line.type(std::string(5000, 'x')), LINE_BUFFER_SIZE - 1 - 6);
    EXPECT_FALSE(line_has_room(&line.state));
    EXPECT_EQ(line.read(), "first\n");
    EXPECT_TRUE(line_has_room(&line.state));
    EXPECT_EQ(line.type("\n"), 1u);
}

TEST_F(LineDisciplineTest, SingleBytesFillTheBuffer) {
    line.change(&terminal_modes::local, TTY_ICANON, 0);
    EXPECT_EQ(line.type(std::string(5000, 'x')), LINE_BUFFER_SIZE - 1);
    EXPECT_EQ(line.read(100).size(), 100u);
    EXPECT_EQ(line.type(std::string(5000, 'y')), 100u);
    EXPECT_EQ(line.read(), std::string(LINE_BUFFER_SIZE - 101, 'x') + std::string(100, 'y'));
}

TEST_F(LineDisciplineTest, ManyLinesGoAroundTheBuffer) {
    for (unsigned i = 0; i < 1000; i++) {
        std::string text = std::string(i % 97, static_cast<char>('a' + i % 26)) + "\n";
        line.type(text + (i % 3 == 0 ? "\004" : ""));
        ASSERT_EQ(line.read(), text);
        if (i % 3 == 0) {
            ASSERT_EQ(line.read(), "");
        }
    }
}

TEST_F(LineDisciplineTest, OutputStopsAndGoesOn) {
    line.type("\023ab");
    EXPECT_TRUE(line.state.is_stopped);
    EXPECT_EQ(line.sent(), "");
    line.type("\021");
    EXPECT_EQ(line.sent(), "ab") << "the echo was held back";
}

TEST_F(LineDisciplineTest, AnyCharacterStartsOutputWhereAskedFor) {
    line.change(&terminal_modes::input, 0, TTY_IXANY);
    line.type("\023a");
    EXPECT_EQ(line.sent(), "a");
}

TEST_F(LineDisciplineTest, WhatAProgramStoppedTypingDoesNotStart) {
    line_stop(&line.state);
    line.type("\021\003");
    EXPECT_TRUE(line.state.is_stopped);
    line_start(&line.state);
    EXPECT_EQ(line.sent(), "^C");
}

TEST_F(LineDisciplineTest, ASignalStartsOutputAndForgetsTheEcho) {
    line.type("\023ab\003");
    EXPECT_EQ(line.sent(), "^C");
}

TEST_F(LineDisciplineTest, EchoThatNobodySeesIsBounded) {
    line.type("\023" + std::string(3000, 'x') + "\021");
    EXPECT_EQ(line.sent(), std::string(LINE_OUTPUT_SIZE, 'x'));
}

TEST_F(LineDisciplineTest, TurningFlowControlOffStartsOutput) {
    line.type("\023a");
    line.change(&terminal_modes::input, TTY_IXON, 0);
    EXPECT_EQ(line.sent(), "a");
}

TEST_F(LineDisciplineTest, WhatWasTypedForALineIsReadWhereThereAreNone) {
    line.type("one\ntw\004o");
    line.change(&terminal_modes::local, TTY_ICANON, 0);
    EXPECT_EQ(line.read(), std::string("one\ntw\0o", 8)) << "the end of file is a byte now";
}

TEST_F(LineDisciplineTest, WhatWasTypedWithoutLinesIsALine) {
    line.change(&terminal_modes::local, TTY_ICANON, 0);
    line.type("ab\n\003c");
    line.change(&terminal_modes::local, 0, TTY_ICANON);
    line.type("\177\177d\n");
    EXPECT_EQ(line.read(), "c");
    EXPECT_EQ(line.read(), "d\n") << "and what came before it cannot be erased";
}

TEST_F(LineDisciplineTest, WhatIsTakenLiterallyIsOfTheModesBefore) {
    line.type("\026");
    line.change(&terminal_modes::local, TTY_ICANON, 0);
    line.type("\003");
    EXPECT_EQ(line.signals, "2 ");
}

TEST_F(LineDisciplineTest, FlushingForgetsHalfALineToo) {
    line.type("one\ntw");
    line_flush_input(&line.state);
    line.type("o\n");
    EXPECT_EQ(line.read(), "o\n");
}

TEST_F(LineDisciplineTest, ATabThatIsErasedCountsThoughOutputIsNotProcessed) {
    line.change(&terminal_modes::output, TTY_OPOST, TTY_XTABS);
    line.type("\001\t\177");
    line.change(&terminal_modes::output, 0, TTY_OPOST);
    EXPECT_EQ(line.sent(), "^A\t\b\b\b\b\b\b");
    line.write("\t");
    EXPECT_EQ(line.sent(), std::string(8, ' '));
}

TEST_F(LineDisciplineTest, RawModesChangeNothing) {
    Line raw(terminal_modes_raw());
    raw.type("\003\023a\r\177");
    raw.write("b\n");
    EXPECT_EQ(raw.read(), "\003\023a\r\177");
    EXPECT_EQ(raw.sent(), "b\n");
    EXPECT_EQ(raw.signals, "");
}

TEST_F(LineDisciplineTest, SpeedsFollowFromTheFlags) {
    terminal_modes modes = terminal_modes_usual();
    EXPECT_EQ(modes.output_speed, 38400u);
    EXPECT_EQ(modes.input_speed, 38400u);
    modes.control = TTY_B115200 | 9u << TTY_INPUT_SPEED_SHIFT;
    terminal_modes_derive_speeds(&modes);
    EXPECT_EQ(modes.output_speed, 115200u);
    EXPECT_EQ(modes.input_speed, 1200u);
    modes.control = TTY_BOTHER;
    modes.output_speed = 31250;
    terminal_modes_derive_speeds(&modes);
    EXPECT_EQ(modes.output_speed, 31250u);
}

} // namespace
