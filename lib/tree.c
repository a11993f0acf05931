#include "lib/tree.h"

#include "lib/check.h"

static enum tree_side other_side(enum tree_side side) {
    return side == TREE_LEFT ? TREE_RIGHT : TREE_LEFT;
}

static uint64_t height_of(const struct tree_node *node) {
    return node == nullptr ? 0 : node->height;
}

static void update_node(struct tree *tree, struct tree_node *node) {
    uint64_t left = height_of(node->child[TREE_LEFT]);
    uint64_t right = height_of(node->child[TREE_RIGHT]);
    node->height = 1 + (left > right ? left : right);
    if (tree->update != nullptr) {
        tree->update(node);
    }
}

/* Puts `replacement` (may be null) where `node` hangs. */
static void replace_in_parent(struct tree *tree, struct tree_node *node,
                              struct tree_node *replacement) {
    struct tree_node *parent = node->parent;
    if (parent == nullptr) {
        tree->root = replacement;
    } else {
        parent->child[parent->child[TREE_LEFT] == node ? TREE_LEFT : TREE_RIGHT] = replacement;
    }
    if (replacement != nullptr) {
        replacement->parent = parent;
    }
}

static void adopt_child(struct tree_node *parent, enum tree_side side, struct tree_node *child) {
    parent->child[side] = child;
    if (child != nullptr) {
        child->parent = parent;
    }
}

/* Lifts the child of `node` on `side` above it and returns that child. */
static struct tree_node *lift_child(struct tree *tree, struct tree_node *node,
                                    enum tree_side side) {
    struct tree_node *child = node->child[side];
    replace_in_parent(tree, node, child);
    adopt_child(node, side, child->child[other_side(side)]);
    adopt_child(child, other_side(side), node);
    update_node(tree, node);
    update_node(tree, child);
    return child;
}

/* Makes the heights under `node` differ by one at most; returns the root of that subtree. */
static struct tree_node *balance_node(struct tree *tree, struct tree_node *node) {
    uint64_t left = height_of(node->child[TREE_LEFT]);
    uint64_t right = height_of(node->child[TREE_RIGHT]);
    if (left <= right + 1 && right <= left + 1) {
        return node;
    }
    enum tree_side tall = left > right ? TREE_LEFT : TREE_RIGHT;
    struct tree_node *child = node->child[tall];
    if (height_of(child->child[other_side(tall)]) > height_of(child->child[tall])) {
        lift_child(tree, child, other_side(tall));
    }
    return lift_child(tree, node, tall);
}

/* Balances and updates from `node` (may be null) up to the root. */
static void retrace(struct tree *tree, struct tree_node *node) {
    while (node != nullptr) {
        update_node(tree, node);
        node = balance_node(tree, node)->parent;
    }
}

static struct tree_node *outermost(struct tree_node *node, enum tree_side side) {
    while (node != nullptr && node->child[side] != nullptr) {
        node = node->child[side];
    }
    return node;
}

static struct tree_node *neighbour(const struct tree_node *node, enum tree_side side) {
    if (node->child[side] != nullptr) {
        return outermost(node->child[side], other_side(side));
    }
    while (node->parent != nullptr && node->parent->child[side] == node) {
        node = node->parent;
    }
    return node->parent;
}

/* Removes a node with two children: its successor, which has no left child, takes its place. */
static void remove_inner(struct tree *tree, struct tree_node *node) {
    struct tree_node *successor = outermost(node->child[TREE_RIGHT], TREE_LEFT);
    struct tree_node *lowest = successor->parent;
    if (lowest == node) {
        lowest = successor;
    } else {
        replace_in_parent(tree, successor, successor->child[TREE_RIGHT]);
        adopt_child(successor, TREE_RIGHT, node->child[TREE_RIGHT]);
    }
    adopt_child(successor, TREE_LEFT, node->child[TREE_LEFT]);
    replace_in_parent(tree, node, successor);
    retrace(tree, lowest);
}

void tree_init(struct tree *tree, void (*update)(struct tree_node *node)) {
    tree->root = nullptr;
    tree->update = update;
}

void tree_insert(struct tree *tree, struct tree_node *node, struct tree_node *parent,
                 enum tree_side side) {
    node->parent = parent;
    node->child[TREE_LEFT] = nullptr;
    node->child[TREE_RIGHT] = nullptr;
    if (parent == nullptr) {
        CHECK(tree->root == nullptr);
        tree->root = node;
    } else {
        CHECK(parent->child[side] == nullptr);
        parent->child[side] = node;
    }
    retrace(tree, node);
}

void tree_remove(struct tree *tree, struct tree_node *node) {
    struct tree_node *left = node->child[TREE_LEFT];
    struct tree_node *right = node->child[TREE_RIGHT];
    if (left != nullptr && right != nullptr) {
        remove_inner(tree, node);
        return;
    }
    replace_in_parent(tree, node, left != nullptr ? left : right);
    retrace(tree, node->parent);
}

void tree_refresh(struct tree *tree, struct tree_node *node) {
    retrace(tree, node);
}

struct tree_node *tree_first(const struct tree *tree) {
    return outermost(tree->root, TREE_LEFT);
}

struct tree_node *tree_last(const struct tree *tree) {
    return outermost(tree->root, TREE_RIGHT);
}

struct tree_node *tree_next(const struct tree_node *node) {
    return neighbour(node, TREE_RIGHT);
}

struct tree_node *tree_previous(const struct tree_node *node) {
    return neighbour(node, TREE_LEFT);
}
