#include "lib/trace_ring.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

class TraceRingTest : public testing::Test { // S94
  protected:
    /* Words that all say `number`, so that a mixture of two records shows. */
    static trace_words saying(uint64_t number) {
        trace_words what;
        for (uint64_t &word : what.words) {
            word = number;
        }
        return what;
    }

    void add_numbered(uint64_t from, uint64_t to) {
        for (uint64_t i = from; i <= to; i++) {
            trace_words what = saying(i);
            trace_add(&ring_, &what);
        }
    }

    /* What the ring still has, oldest first, each by its first word. */
    std::vector<uint64_t> read() {
        std::vector<uint64_t> found;
        for (uint64_t sequence = 0; sequence <= trace_last(&ring_); sequence++) {
            trace_words what;
            if (trace_copy(&ring_, sequence, &what)) {
                EXPECT_EQ(what.words[TRACE_WORD_COUNT - 1], what.words[0]) << "a mixture";
                found.push_back(what.words[0]);
            }
        }
        return found;
    }

    trace_ring ring_ = {};
};

} // namespace

TEST_F(TraceRingTest, AnAllZeroRingIsEmpty) {
    trace_words what;
    EXPECT_EQ(trace_last(&ring_), 0u);
    EXPECT_FALSE(trace_copy(&ring_, 0, &what));
    EXPECT_FALSE(trace_copy(&ring_, 1, &what));
}

TEST_F(TraceRingTest, HandsBackWhatWasAddedBySequence) {
    add_numbered(10, 11);
    trace_words what;
    EXPECT_EQ(trace_last(&ring_), 2u);
    ASSERT_TRUE(trace_copy(&ring_, 1, &what));
    EXPECT_EQ(what.words[0], 10u);
    ASSERT_TRUE(trace_copy(&ring_, 2, &what));
    EXPECT_EQ(what.words[0], 11u);
    EXPECT_EQ(what.words[TRACE_WORD_COUNT - 1], 11u);
    EXPECT_FALSE(trace_copy(&ring_, 3, &what));
}

TEST_F(TraceRingTest, ForgetsTheOldestWhenItIsFull) {
    add_numbered(1, TRACE_RING_SIZE);
    EXPECT_EQ(read().size(), TRACE_RING_SIZE);
    EXPECT_EQ(read().front(), 1u);

    add_numbered(TRACE_RING_SIZE + 1, TRACE_RING_SIZE + 3);
    EXPECT_EQ(read().size(), TRACE_RING_SIZE);
    EXPECT_EQ(read().front(), 4u);
    EXPECT_EQ(read().back(), TRACE_RING_SIZE + 3);
}

TEST_F(TraceRingTest, ARecordThatIsBeingWrittenIsSkipped) {
    add_numbered(1, 3);
    ring_.records[2].sequence = TRACE_BEING_WRITTEN;
    EXPECT_EQ(read(), (std::vector<uint64_t>{1, 3}));
}

TEST_F(TraceRingTest, AWriterThatWasOvertakenByAWholeRingMixesNothing) {
    add_numbered(1, 1);
    ring_.records[1].sequence = TRACE_BEING_WRITTEN; // its writer has been interrupted
    add_numbered(2, TRACE_RING_SIZE + 2);            // one of these wants the same place
    std::vector<uint64_t> found = read();
    EXPECT_EQ(found.size(), TRACE_RING_SIZE - 1);
    for (uint64_t number : found) {
        EXPECT_NE(number % TRACE_RING_SIZE, 1u);
    }
}

TEST_F(TraceRingTest, ALateWriterDoesNotReplaceANewerRecord) {
    add_numbered(1, TRACE_RING_SIZE + 1);
    ring_.last_sequence = 0; // as if the first writer came to its place only now
    add_numbered(1, 1);
    ring_.last_sequence = TRACE_RING_SIZE + 1;
    EXPECT_EQ(read().back(), TRACE_RING_SIZE + 1);
}
