#pragma once

#include <stdint.h>

#include "kernel/files/node/node.h"
#include "lib/list.h"
#include "lib/tree.h"
#include "mm/object/memory_object.h"

struct memory_node;

/* A name in a directory. */
struct memory_entry {
    struct tree_node by_name;
    struct tree_node by_position;
    struct list_node of_node;      /* in its node's names */
    struct memory_node *directory; /* with a reference once the name is gone */
    struct memory_node *node;      /* with a reference while the name is there */
    uint64_t position;             /* where reading the directory meets it; never used twice */
    struct name name;              /* whose text follows */
    char text[];
};

struct memory_file_system {
    struct file_system base;
    uint64_t node_count;       /* atomic: it goes with the last one */
    struct page_budget budget; /* of all contents */
    uint64_t node_limit;       /* fixed at creation; may be MEMORY_FS_UNLIMITED */
    uint64_t free_space;       /* atomic; in bytes, for nodes, names and extended attributes */
};

/* All is guarded by tree_lock, but for what is fixed at creation. */
struct memory_node {
    struct node base;
    struct list_node names;         /* entries that name it */
    struct memory_entry *last_name; /* once no entry does: the one that did, out of its trees */
    struct list_node extended;      /* guarded by the node's lock; see kernel/files/extended */
    struct memory_object *object;   /* a regular file's contents; fixed at creation */
    struct name link_target;        /* a symbolic link's; fixed at creation */
    struct tree by_name;            /* a directory's */
    struct tree by_position;
    uint64_t entry_count;
    uint64_t next_position;
};

static inline struct memory_node *memory_node_of(struct node *node) {
    return LIST_ENTRY(node, struct memory_node, base);
}

/* For regular.c's nodes. */
uint64_t memory_regular_size(struct node *node);
uint64_t memory_regular_block_count(struct node *node);
uint64_t memory_regular_next_data(struct node *node, uint64_t offset);
uint64_t memory_regular_next_hole(struct node *node, uint64_t offset);
enum status memory_regular_read(struct node *node, uint64_t offset, struct transfer *transfer);
enum status memory_regular_write(struct node *node, uint64_t offset, struct transfer *transfer);
enum status memory_regular_resize(struct node *node, uint64_t size_bytes);
enum status memory_regular_allocate(struct node *node, uint64_t offset, uint64_t size_bytes);
enum status memory_regular_punch(struct node *node, uint64_t offset, uint64_t size_bytes);
struct memory_object *memory_regular_memory(struct node *node);
