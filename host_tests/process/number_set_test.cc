#include "kernel/process/number_set.h"

#include <gtest/gtest.h>

namespace {

class NumberSetTest : public ::testing::Test {
  protected:
    void TakeAll() {
        while (number_set_take(&set_) != 0) {
        }
    }

    number_set set_ = {};
};

TEST_F(NumberSetTest, NumbersAreGivenInOrderFromOneOn) {
    EXPECT_EQ(number_set_take(&set_), 1u);
    EXPECT_EQ(number_set_take(&set_), 2u);
}

TEST_F(NumberSetTest, ANumberThatIsFreeAgainIsNotGivenAtOnce) {
    EXPECT_EQ(number_set_take(&set_), 1u);
    number_set_give_back(&set_, 1);
    EXPECT_EQ(number_set_take(&set_), 2u);
}

TEST_F(NumberSetTest, AfterTheLastNumberTheyStartOverBehindTheReservedOnes) {
    set_.last = NUMBER_LIMIT - 1;
    EXPECT_EQ(number_set_take(&set_), NUMBER_AGAIN);
}

TEST_F(NumberSetTest, WhenAllAreGivenThereIsNone) {
    TakeAll();
    EXPECT_EQ(number_set_take(&set_), 0u);
}

TEST_F(NumberSetTest, TheOnlyFreeNumberIsFound) {
    TakeAll();
    number_set_give_back(&set_, 20'000);
    EXPECT_EQ(number_set_take(&set_), 20'000u);
    EXPECT_EQ(number_set_take(&set_), 0u);
}

} // namespace
