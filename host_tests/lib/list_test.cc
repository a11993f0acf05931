#include "lib/list.h"

#include <gtest/gtest.h>

#include <vector>

namespace {

struct Item {
    int number;
    list_node link;
};

class ListTest : public testing::Test {
  protected:
    ListTest() {
        list_init(&head_);
    }

    std::vector<int> numbers() {
        std::vector<int> result;
        for (list_node *node = head_.next; node != &head_; node = node->next) {
            EXPECT_EQ(node->next->prev, node);
            result.push_back(LIST_ENTRY(node, Item, link)->number);
        }
        return result;
    }

    list_node head_;
    Item one_ = {1, {}};
    Item two_ = {2, {}};
    Item three_ = {3, {}};
};

} // namespace

TEST_F(ListTest, ANewListIsEmpty) {
    EXPECT_TRUE(list_is_empty(&head_));
    EXPECT_EQ(list_pop_front(&head_), nullptr);
}

TEST_F(ListTest, GrowsAtBothEndsAndInTheMiddle) {
    list_push_back(&head_, &three_.link);
    list_push_front(&head_, &one_.link);
    list_insert_after(&one_.link, &two_.link);
    EXPECT_EQ(numbers(), (std::vector{1, 2, 3}));
}

TEST_F(ListTest, RemovesFromAnyPlace) {
    list_push_back(&head_, &one_.link);
    list_push_back(&head_, &two_.link);
    list_push_back(&head_, &three_.link);
    list_remove(&two_.link);
    EXPECT_EQ(numbers(), (std::vector{1, 3}));
    EXPECT_EQ(list_pop_front(&head_), &one_.link);
    EXPECT_EQ(list_pop_front(&head_), &three_.link);
    EXPECT_TRUE(list_is_empty(&head_));
}
