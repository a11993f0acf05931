#include "kernel/signal/pending.h"

#include <gtest/gtest.h>

#include "kernel/signal/signal.h"

namespace {

constexpr unsigned kRealTime = 40;

class PendingTest : public ::testing::Test {
  protected:
    PendingTest() {
        pending_init(&pending_);
    }

    void Add(unsigned signal, signal_note *note) {
        *note = {};
        note->info.signal = static_cast<int32_t>(signal);
        pending_add(&pending_, signal, note);
    }

    pending_signals pending_;
    signal_note first_, second_;
};

TEST_F(PendingTest, AnOrdinarySignalIsPendingOnce) {
    Add(SIGNAL_USR1, &first_);
    EXPECT_FALSE(pending_takes(&pending_, SIGNAL_USR1));
    EXPECT_TRUE(pending_takes(&pending_, SIGNAL_USR2));
}

TEST_F(PendingTest, RealTimeSignalsQueueInTheOrderOfSending) {
    Add(kRealTime, &first_);
    EXPECT_TRUE(pending_takes(&pending_, kRealTime));
    Add(kRealTime, &second_);
    EXPECT_EQ(pending_take(&pending_, kRealTime), &first_);
    EXPECT_EQ(pending_first(&pending_, ~0ull), kRealTime);
    EXPECT_EQ(pending_take(&pending_, kRealTime), &second_);
    EXPECT_EQ(pending_first(&pending_, ~0ull), 0u);
}

TEST_F(PendingTest, TheLowestNumberComesFirst) {
    Add(SIGNAL_TERM, &first_);
    Add(SIGNAL_HUP, &second_);
    EXPECT_EQ(pending_first(&pending_, ~0ull), SIGNAL_HUP);
}

TEST_F(PendingTest, AFaultOfItsOwnComesBeforeALowerNumber) {
    Add(SIGNAL_HUP, &first_);
    Add(SIGNAL_SEGV, &second_);
    EXPECT_EQ(pending_first(&pending_, ~0ull), SIGNAL_SEGV);
}

TEST_F(PendingTest, WhatIsNotAskedForIsNotFound) {
    Add(SIGNAL_USR1, &first_);
    EXPECT_EQ(pending_first(&pending_, ~signal_bit(SIGNAL_USR1)), 0u);
}

TEST_F(PendingTest, ASignalWithoutANoteCanBeTaken) {
    pending_add(&pending_, SIGNAL_USR1, nullptr);
    EXPECT_EQ(pending_take(&pending_, SIGNAL_USR1), nullptr);
    EXPECT_EQ(pending_.set, 0u);
}

TEST_F(PendingTest, DroppedSignalsAreGoneWithTheirNotes) {
    Add(SIGNAL_TSTP, &first_);
    Add(SIGNAL_USR1, &second_);
    list_node dropped;
    list_init(&dropped);
    pending_drop(&pending_, SIGNALS_OF_STOPPING, &dropped);
    EXPECT_EQ(list_pop_front(&dropped), &first_.link);
    EXPECT_TRUE(list_is_empty(&dropped));
    EXPECT_EQ(pending_.set, signal_bit(SIGNAL_USR1));
}

TEST(SignalTest, EverySignalHasTheNameAndTheDefaultOfManSevenSignal) {
    EXPECT_STREQ(signal_name(SIGNAL_SEGV), "SIGSEGV");
    EXPECT_STREQ(signal_name(SIGNAL_SYS), "SIGSYS");
    EXPECT_STREQ(signal_name(0), "signal");
    EXPECT_STREQ(signal_name(kRealTime), "signal");
    EXPECT_EQ(signal_default(SIGNAL_HUP), SIGNAL_ENDS);
    EXPECT_EQ(signal_default(SIGNAL_ABRT), SIGNAL_DUMPS);
    EXPECT_EQ(signal_default(SIGNAL_CHLD), SIGNAL_IGNORED);
    EXPECT_EQ(signal_default(SIGNAL_TTIN), SIGNAL_STOPS);
    EXPECT_EQ(signal_default(SIGNAL_CONT), SIGNAL_CONTINUES);
    EXPECT_EQ(signal_default(kRealTime), SIGNAL_ENDS);
}

} // namespace
