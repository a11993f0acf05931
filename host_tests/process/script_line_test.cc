#include "kernel/process/script_line.h"

#include <string>

#include <gtest/gtest.h>

namespace {

class ScriptLineTest : public ::testing::Test {
  protected:
    status Parse(const std::string &text) {
        return script_parse_line(text.data(), text.size(), &line_);
    }

    script_line line_;
};

TEST_F(ScriptLineTest, AFileWithoutTheMarkIsNoScript) {
    EXPECT_EQ(Parse("\x7f"
                    "ELF"),
              STATUS_OK);
    EXPECT_STREQ(line_.interpreter, "");
    EXPECT_EQ(Parse("#"), STATUS_OK);
    EXPECT_STREQ(line_.interpreter, "");
}

TEST_F(ScriptLineTest, TheInterpreterStandsBehindTheMark) {
    EXPECT_EQ(Parse("#!/bin/sh\necho"), STATUS_OK);
    EXPECT_STREQ(line_.interpreter, "/bin/sh");
    EXPECT_STREQ(line_.argument, "");
}

TEST_F(ScriptLineTest, WhatFollowsIsOneArgumentWithoutBlanksAround) {
    EXPECT_EQ(Parse("#! \t/bin/awk  -f \t x  \n"), STATUS_OK);
    EXPECT_STREQ(line_.interpreter, "/bin/awk");
    EXPECT_STREQ(line_.argument, "-f \t x");
}

TEST_F(ScriptLineTest, AShortFileNeedsNoEndOfLine) {
    EXPECT_EQ(Parse("#!/bin/sh"), STATUS_OK);
    EXPECT_STREQ(line_.interpreter, "/bin/sh");
}

TEST_F(ScriptLineTest, ALineWithoutAnInterpreterIsRefused) {
    EXPECT_EQ(Parse("#!\n"), STATUS_NOT_EXECUTABLE);
    EXPECT_EQ(Parse("#! \t \n/bin/sh"), STATUS_NOT_EXECUTABLE);
}

TEST_F(ScriptLineTest, AnInterpreterThatIsCutOffIsRefused) {
    EXPECT_EQ(Parse("#!" + std::string(SCRIPT_LINE_SIZE - 3, 'x')), STATUS_NOT_EXECUTABLE);
}

TEST_F(ScriptLineTest, AnArgumentThatIsCutOffIsTakenAsFarAsItGoes) {
    EXPECT_EQ(Parse("#!/bin/sh " + std::string(SCRIPT_LINE_SIZE - 11, 'x')), STATUS_OK);
    EXPECT_EQ(std::string(line_.argument), std::string(SCRIPT_LINE_SIZE - 11, 'x'));
}

} // namespace
