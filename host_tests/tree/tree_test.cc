#include "lib/tree.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "lib/check.h"

void check_failed(const char *condition, const char *file, int line) {
    std::fprintf(stderr, "%s:%d: %s\n", file, line, condition);
    std::abort();
}

namespace {

struct Item {
    tree_node node;
    int key;
    int weight;
    int subtree_weight;
};

Item *item_of(tree_node *node) {
    return node == nullptr ? nullptr : TREE_ENTRY(node, Item, node);
}

int subtree_weight(tree_node *node) {
    return node == nullptr ? 0 : item_of(node)->subtree_weight;
}

void sum_weights(tree_node *node) {
    item_of(node)->subtree_weight = item_of(node)->weight + subtree_weight(node->child[TREE_LEFT]) +
                                    subtree_weight(node->child[TREE_RIGHT]);
}

class TreeTest : public testing::Test {
  protected:
    TreeTest() {
        tree_init(&tree, sum_weights);
    }

    Item *insert(int key, int weight = 1) {
        tree_node *parent = nullptr;
        tree_side side = TREE_LEFT;
        for (tree_node *at = tree.root; at != nullptr; at = at->child[side]) {
            parent = at;
            side = key < item_of(at)->key ? TREE_LEFT : TREE_RIGHT;
        }
        auto &item = items[key];
        item = std::make_unique<Item>(Item{{}, key, weight, 0});
        tree_insert(&tree, &item->node, parent, side);
        return item.get();
    }

    void remove(int key) {
        tree_remove(&tree, &items.at(key)->node);
        items.erase(key);
    }

    std::vector<int> keys_upwards() {
        std::vector<int> keys;
        for (tree_node *at = tree_first(&tree); at != nullptr; at = tree_next(at)) {
            keys.push_back(item_of(at)->key);
        }
        return keys;
    }

    std::vector<int> keys_downwards() {
        std::vector<int> keys;
        for (tree_node *at = tree_last(&tree); at != nullptr; at = tree_previous(at)) {
            keys.push_back(item_of(at)->key);
        }
        return keys;
    }

    /* Height of a subtree in which every promise of the tree has been checked. */
    uint64_t checked_height(tree_node *node, tree_node *parent) {
        if (node == nullptr) {
            return 0;
        }
        EXPECT_EQ(node->parent, parent);
        uint64_t left = checked_height(node->child[TREE_LEFT], node);
        uint64_t right = checked_height(node->child[TREE_RIGHT], node);
        EXPECT_LE(left, right + 1);
        EXPECT_LE(right, left + 1);
        EXPECT_EQ(node->height, 1 + std::max(left, right));
        int sum = item_of(node)->weight + subtree_weight(node->child[TREE_LEFT]) +
                  subtree_weight(node->child[TREE_RIGHT]);
        EXPECT_EQ(item_of(node)->subtree_weight, sum);
        return node->height;
    }

    void expect_sound() {
        uint64_t height = checked_height(tree.root, nullptr);
        EXPECT_LE(static_cast<double>(height), 1.45 * std::log2(items.size() + 2));
        std::vector<int> expected;
        for (const auto &[key, item] : items) {
            expected.push_back(key);
        }
        EXPECT_EQ(keys_upwards(), expected);
    }

    tree tree;
    std::map<int, std::unique_ptr<Item>> items;
};

TEST_F(TreeTest, AnEmptyTreeHasNeitherFirstNorLast) {
    EXPECT_EQ(tree_first(&tree), nullptr);
    EXPECT_EQ(tree_last(&tree), nullptr);
}

TEST_F(TreeTest, TheOnlyNodeIsFirstAndLastAndCanLeave) {
    Item *only = insert(7);
    EXPECT_EQ(tree_first(&tree), &only->node);
    EXPECT_EQ(tree_last(&tree), &only->node);
    EXPECT_EQ(tree_next(&only->node), nullptr);
    EXPECT_EQ(tree_previous(&only->node), nullptr);
    remove(7);
    EXPECT_EQ(tree.root, nullptr);
}

TEST_F(TreeTest, AscendingKeysDoNotDegenerateIntoAList) {
    for (int key = 0; key < 1000; key++) {
        insert(key);
    }
    expect_sound();
    EXPECT_LE(tree.root->height, 14u);
}

TEST_F(TreeTest, DescendingKeysDoNotDegenerateIntoAList) {
    for (int key = 1000; key > 0; key--) {
        insert(key);
    }
    expect_sound();
    EXPECT_LE(tree.root->height, 14u);
}

TEST_F(TreeTest, ALeftRightZigzagIsLiftedTwice) {
    insert(3);
    insert(1);
    insert(2);
    expect_sound();
    EXPECT_EQ(item_of(tree.root)->key, 2);
}

TEST_F(TreeTest, RemovingAnInnerNodePutsItsSuccessorInItsPlace) {
    for (int key : {4, 2, 6, 1, 3, 5, 7}) {
        insert(key);
    }
    remove(4);
    EXPECT_EQ(item_of(tree.root)->key, 5);
    expect_sound();
}

TEST_F(TreeTest, RemovingAnInnerNodeWhoseSuccessorIsItsChildKeepsTheChildsSubtree) {
    for (int key : {4, 2, 6, 1, 3, 7}) {
        insert(key);
    }
    remove(4);
    EXPECT_EQ(item_of(tree.root)->key, 6);
    expect_sound();
}

TEST_F(TreeTest, DownwardsIsTheReverseOfUpwards) {
    for (int key : {5, 1, 9, 3, 7}) {
        insert(key);
    }
    EXPECT_EQ(keys_downwards(), (std::vector<int>{9, 7, 5, 3, 1}));
}

TEST_F(TreeTest, ARefreshedNodeChangesTheSumsOfAllAboveItOnly) {
    for (int key : {4, 2, 6, 1, 3, 5, 7}) {
        insert(key, 10);
    }
    items.at(1)->weight = 100;
    tree_refresh(&tree, &items.at(1)->node);
    EXPECT_EQ(item_of(tree.root)->subtree_weight, 160);
    EXPECT_EQ(items.at(6)->subtree_weight, 30);
    expect_sound();
}

TEST_F(TreeTest, RandomInsertionsAndRemovalsKeepOrderBalanceAndSums) {
    std::mt19937 random(1);
    for (int step = 0; step < 4000; step++) {
        int key = static_cast<int>(random() % 300);
        if (items.count(key) != 0) {
            remove(key);
        } else {
            insert(key, static_cast<int>(random() % 50));
        }
        if (step % 16 == 0) {
            expect_sound();
        }
    }
    expect_sound();
}

} // namespace
