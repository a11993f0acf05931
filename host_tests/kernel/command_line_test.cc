#include "kernel/command_line/command_line.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host_tests/kernel/captured_text.h"

namespace {

class CommandLineTest : public ::testing::Test {
  protected:
    void Parse(const std::string &text) {
        text_ = std::vector<char>(text.begin(), text.end());
        storage_.assign(text.size() + 1, '?');
        command_line_parse(text_.data(), text_.size(), storage_.data(), said_.sink(), &line_);
    }

    std::vector<std::string> Arguments() {
        std::vector<std::string> arguments;
        const char *next = line_.arguments;
        for (size_t i = 0; i < line_.argument_count; i++) {
            arguments.emplace_back(next);
            next += arguments.back().size() + 1;
        }
        return arguments;
    }

    using Strings = std::vector<std::string>;

    std::vector<char> text_;
    std::vector<char> storage_;
    command_line line_;
    CapturedText said_;
};

TEST_F(CommandLineTest, AnEmptyLineMeansTheDemonstrationWithTheUsualConsoles) {
    Parse("");
    EXPECT_EQ(line_.init, nullptr);
    EXPECT_EQ(line_.terminal, TERMINAL_SCREEN);
    EXPECT_EQ(line_.log, LOG_TO_ALL);
    EXPECT_EQ(line_.on_exit, ACT_WAIT_FOR_KEY);
    EXPECT_EQ(line_.on_panic, ACT_HALT);
    EXPECT_FALSE(line_.has_audit);
    EXPECT_EQ(line_.trace, TRACE_TO_NONE);
    EXPECT_EQ(line_.selftests, nullptr);
    EXPECT_EQ(line_.argument_count, 0u);
    EXPECT_EQ(said_.text(), "");
}

TEST_F(CommandLineTest, EveryOptionIsUnderstood) {
    Parse("init=/bin/hello terminal=com2 log=com1 on_exit=poweroff on_panic=reboot audit "
          "trace=debugcon selftest=smap,null");
    EXPECT_STREQ(line_.init, "/bin/hello");
    EXPECT_EQ(line_.terminal, TERMINAL_COM2);
    EXPECT_EQ(line_.log, LOG_TO_COM1);
    EXPECT_EQ(line_.on_exit, ACT_POWER_OFF);
    EXPECT_EQ(line_.on_panic, ACT_REBOOT);
    EXPECT_TRUE(line_.has_audit);
    EXPECT_EQ(line_.trace, TRACE_TO_DEBUG_PORT);
    EXPECT_STREQ(line_.selftests, "smap,null");
    EXPECT_EQ(said_.text(), "");
}

TEST_F(CommandLineTest, WordsAfterTheDashesAreArguments) {
    Parse("init=hello -- x --  audit init=y");
    EXPECT_STREQ(line_.init, "hello");
    EXPECT_FALSE(line_.has_audit);
    EXPECT_EQ(Arguments(), (Strings{"x", "--", "audit", "init=y"}));
}

TEST_F(CommandLineTest, QuotesGroupAndAreNotPartOfTheWord) {
    Parse(R"(-- "two words" a"b c"d "")");
    EXPECT_EQ(Arguments(), (Strings{"two words", "ab cd", ""}));
}

TEST_F(CommandLineTest, ABackslashTakesTheNextCharacterAsItIs) {
    Parse(R"(-- \" two\ words \\ "in \" quotes")");
    EXPECT_EQ(Arguments(), (Strings{"\"", "two words", "\\", "in \" quotes"}));
}

TEST_F(CommandLineTest, HexEscapesAreBytes) {
    Parse(R"(-- \x41\x0a\xFf \xg1 \x4)");
    EXPECT_EQ(Arguments(), (Strings{"A\n\xff", "xg1", "x4"}));
}

TEST_F(CommandLineTest, EveryKindOfBlankSeparates) {
    Parse(" \t--\na\r b ");
    EXPECT_EQ(Arguments(), (Strings{"a", "b"}));
}

TEST_F(CommandLineTest, TheLastOfTwoEqualOptionsCounts) {
    Parse("init=a init=b");
    EXPECT_STREQ(line_.init, "b");
}

TEST_F(CommandLineTest, ABackslashAtTheEndIsReported) {
    Parse("-- a\\");
    EXPECT_EQ(said_.number(), "K201");
    EXPECT_EQ(Arguments(), (Strings{"a"}));
}

TEST_F(CommandLineTest, AZeroByteCannotBeWritten) {
    Parse(R"(-- a\x00b)");
    EXPECT_EQ(said_.number(), "K202");
    EXPECT_EQ(Arguments(), (Strings{"ab"}));
}

TEST_F(CommandLineTest, AnOpenQuoteIsReportedWithItsPlace) {
    Parse(R"(-- x "a b)");
    EXPECT_EQ(said_.text(), "K203: command line: the quote at byte 5 is not closed\n");
    EXPECT_EQ(Arguments(), (Strings{"x", "a b"}));
}

TEST_F(CommandLineTest, AnUnknownOptionIsReportedAndIgnored) {
    Parse("quiet\\x07 audit");
    EXPECT_EQ(said_.text(), "K204: command line: unknown option 'quiet\\x07' ignored\n");
    EXPECT_TRUE(line_.has_audit);
}

TEST_F(CommandLineTest, AnUnknownValueIsReportedAndTheDefaultStays) {
    Parse("terminal=com3");
    EXPECT_EQ(said_.text(), "K205: command line: terminal= cannot be 'com3'; ignored\n");
    EXPECT_EQ(line_.terminal, TERMINAL_SCREEN);
}

TEST_F(CommandLineTest, ARecordingHasItsPortForItself) {
    Parse("trace=com2 -- a");
    EXPECT_EQ(line_.trace, TRACE_TO_COM2);
    EXPECT_EQ(line_.log, LOG_TO_SCREEN | LOG_TO_COM1);
    EXPECT_EQ(said_.text(), "");
}

TEST_F(CommandLineTest, APortIsTheTerminalOrHasTheRecording) {
    Parse("trace=com2 terminal=com2");
    EXPECT_EQ(line_.trace, TRACE_TO_NONE);
    EXPECT_EQ(line_.log, LOG_TO_ALL);
    EXPECT_EQ(said_.number(), "K207");
}

TEST_F(CommandLineTest, AnOptionWithoutItsValueIsUnknown) {
    Parse("init");
    EXPECT_EQ(said_.number(), "K204");
    EXPECT_EQ(line_.init, nullptr);
}

TEST_F(CommandLineTest, TheDensestLineFitsItsStorage) {
    Parse("-- a b c");
    EXPECT_EQ(Arguments(), (Strings{"a", "b", "c"}));
    Parse(std::string(300, 'a'));
    EXPECT_EQ(storage_.size(), 301u);
}

} // namespace
