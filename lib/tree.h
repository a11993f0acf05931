#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

/*
 * An ordered AVL tree whose nodes are members of what they link. The caller knows the order: it
 * walks down from the root to find a place or a node. The tree keeps its height below
 * 1.45 log2(node count + 2), so a walk is short and recursion over it is bounded.
 */

BEGIN_C_DECLS

enum tree_side : uint8_t { TREE_LEFT = 0, TREE_RIGHT = 1 };

struct tree_node {
    struct tree_node *parent;   /* null at the root */
    struct tree_node *child[2]; /* by enum tree_side */
    uint64_t height;            /* 1 for a leaf */
};

struct tree {
    struct tree_node *root;

    /*
     * Recomputes what the structure around `node` says of its subtree (a sum, a largest gap) from
     * its own fields and its children's; null where nothing is kept. Called bottom-up for every
     * node whose subtree changed. Fixed at tree_init.
     */
    void (*update)(struct tree_node *node);
};

/* The structure that holds `node` as its member. */
#define TREE_ENTRY(node, type, member) ((type *)((char *)(node) - offsetof(type, member)))

void tree_init(struct tree *tree, void (*update)(struct tree_node *node));

/*
 * Adds `node` as the `side` child of `parent`, which must have none there; `parent` is null for the
 * first node of an empty tree.
 */
void tree_insert(struct tree *tree, struct tree_node *node, struct tree_node *parent,
                 enum tree_side side);

/* Takes `node` out; its fields mean nothing afterwards. */
void tree_remove(struct tree *tree, struct tree_node *node);

/* Updates `node` and everything above it, after fields that `update` reads have changed. */
void tree_refresh(struct tree *tree, struct tree_node *node);

/* In order; null where there is none. */
struct tree_node *tree_first(const struct tree *tree);
struct tree_node *tree_last(const struct tree *tree);
struct tree_node *tree_next(const struct tree_node *node);
struct tree_node *tree_previous(const struct tree_node *node);

END_C_DECLS
