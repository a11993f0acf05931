#include "kernel/trace/recording.h"

#include <gtest/gtest.h>

#include "host_tests/kernel/captured_text.h"

namespace {

class RecordingTest : public testing::Test {
  protected:
    struct recording recording_ = {};
    CapturedText device_;
    const text_sink writer_ = {recording_write, &recording_};
};

} // namespace

TEST_F(RecordingTest, WhatIsWrittenWhileItIsOpenReachesTheDevice) {
    recording_open(&recording_, device_.sink());
    EXPECT_EQ(recording_device(&recording_), device_.sink());
    format_to(&writer_, "map pages=%u\n", 2u);
    EXPECT_EQ(device_.text(), "map pages=2\n");
}

TEST_F(RecordingTest, BeforeItIsOpenNothingIsWritten) {
    EXPECT_EQ(recording_device(&recording_), nullptr);
    format_to(&writer_, "map\n");
    EXPECT_EQ(device_.text(), "");
}

// A thread that has seen it open may be interrupted, and come to write after the last line.
TEST_F(RecordingTest, AWriterWhoComesAfterTheEndAddsNothing) {
    recording_open(&recording_, device_.sink());
    bool has_seen_it_open = recording_device(&recording_) != nullptr;
    format_to(&writer_, "end\n");
    recording_close(&recording_);
    ASSERT_TRUE(has_seen_it_open);
    format_to(&writer_, "map\n");
    EXPECT_EQ(device_.text(), "end\n");
}
