#pragma once

#include "kernel/proc/tree/made_fs.h"
#include "lib/list.h"

/* What the sources of this room share. */

constexpr size_t NUMBER_SIZE_MAX = 11; /* of 2^32 - 1, terminated */

/* All fixed when it is made. */
struct made_node {
    struct node base;
    const struct made_entry *entry;
    struct made_subject subject;  /* its `about` is owned */
    struct node *parent;          /* a reference; null: the root */
    char number[NUMBER_SIZE_MAX]; /* its name, where the entry has none */
};

static inline struct made_node *made_node_of(struct node *node) {
    return LIST_ENTRY(node, struct made_node, base);
}

/* Of every file of this system. */
extern const struct file_operations made_file_operations;
