#include "lib/trace_ring.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

class TraceRingTest : public testing::Test { // S94
  protected:
    TraceRingTest() {
        trace_set_level(&ring_, TRACE_CHANGES);
    }

    std::vector<trace_record> read(uint64_t after = 0, size_t capacity = TRACE_RING_SIZE) {
        std::vector<trace_record> records(capacity);
        records.resize(trace_read(&ring_, after, records.data(), capacity));
        return records;
    }

    void add_numbered(uint64_t from, uint64_t to) {
        for (uint64_t i = from; i <= to; i++) {
            trace_add(&ring_, TRACE_CHANGES, 7, i, i + 1, i + 2);
        }
    }

    trace_ring ring_ = {};
};

} // namespace

TEST_F(TraceRingTest, AnAllZeroRingIsEmptyAndKeepsNothing) {
    trace_ring ring = {};
    trace_add(&ring, TRACE_CHANGES, 1, 2, 3, 4);
    trace_record record;
    EXPECT_EQ(trace_read(&ring, 0, &record, 1), 0u);
}

TEST_F(TraceRingTest, HandsBackWhatWasAddedInOrder) {
    trace_add(&ring_, TRACE_CHANGES, 10, 1, 2, 3);
    trace_add(&ring_, TRACE_CHANGES, 20, 4, 5, 6);
    std::vector<trace_record> records = read();
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].sequence, 1u);
    EXPECT_EQ(records[0].kind, 10u);
    EXPECT_EQ(records[0].words[2], 3u);
    EXPECT_EQ(records[1].sequence, 2u);
    EXPECT_EQ(records[1].kind, 20u);
    EXPECT_EQ(records[1].words[0], 4u);
}

TEST_F(TraceRingTest, KeepsItsOwnLevelAndThoseBeforeIt) {
    trace_add(&ring_, TRACE_DETAILS, 1, 0, 0, 0);
    EXPECT_TRUE(read().empty());
    trace_set_level(&ring_, TRACE_DETAILS);
    trace_add(&ring_, TRACE_DETAILS, 1, 0, 0, 0);
    trace_add(&ring_, TRACE_CHANGES, 2, 0, 0, 0);
    EXPECT_EQ(read().size(), 2u);
    trace_set_level(&ring_, TRACE_OFF);
    trace_add(&ring_, TRACE_CHANGES, 3, 0, 0, 0);
    EXPECT_EQ(read().size(), 2u);
}

TEST_F(TraceRingTest, ForgetsTheOldestWhenItIsFull) {
    add_numbered(1, TRACE_RING_SIZE);
    EXPECT_EQ(read().size(), TRACE_RING_SIZE);
    EXPECT_EQ(read().front().words[0], 1u);

    add_numbered(TRACE_RING_SIZE + 1, TRACE_RING_SIZE + 3);
    EXPECT_EQ(read().size(), TRACE_RING_SIZE);
    EXPECT_EQ(read().front().words[0], 4u);
    EXPECT_EQ(read().back().words[0], TRACE_RING_SIZE + 3);
}

TEST_F(TraceRingTest, CanBeFollowedFromTheLastRecordRead) {
    add_numbered(1, 5);
    std::vector<trace_record> first = read(0, 2);
    ASSERT_EQ(first.size(), 2u);
    EXPECT_EQ(first.back().words[0], 2u);
    std::vector<trace_record> rest = read(first.back().sequence);
    ASSERT_EQ(rest.size(), 3u);
    EXPECT_EQ(rest.front().words[0], 3u);
    EXPECT_TRUE(read(rest.back().sequence).empty());
}

TEST_F(TraceRingTest, ARecordThatIsBeingWrittenIsSkipped) {
    add_numbered(1, 3);
    ring_.records[2].sequence = TRACE_BEING_WRITTEN;
    std::vector<trace_record> records = read();
    ASSERT_EQ(records.size(), 2u);
    EXPECT_EQ(records[0].words[0], 1u);
    EXPECT_EQ(records[1].words[0], 3u);
}

TEST_F(TraceRingTest, AWriterThatWasOvertakenByAWholeRingMixesNothing) {
    add_numbered(1, 1);
    ring_.records[1].sequence = TRACE_BEING_WRITTEN; // its writer has been interrupted
    add_numbered(2, TRACE_RING_SIZE + 2);            // one of these wants the same place
    std::vector<trace_record> records = read();
    EXPECT_EQ(records.size(), TRACE_RING_SIZE - 1);
    for (const trace_record &record : records) {
        EXPECT_NE(record.sequence % TRACE_RING_SIZE, 1u);
        EXPECT_EQ(record.words[0], record.sequence);
    }
}

TEST_F(TraceRingTest, ALateWriterDoesNotReplaceANewerRecord) {
    add_numbered(1, TRACE_RING_SIZE + 1);
    ring_.last_sequence = 0; // as if the first writer came to its place only now
    add_numbered(1, 1);
    ring_.last_sequence = TRACE_RING_SIZE + 1;
    EXPECT_EQ(read().back().words[0], TRACE_RING_SIZE + 1);
}
