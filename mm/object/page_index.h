#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/*
 * A map from page numbers to frames, sparse, up to the last page of the largest object: a radix
 * tree whose nodes have 64 slots. The caller holds the lock of what it belongs to.
 */

BEGIN_C_DECLS

struct frame;
struct page_node;

struct page_index {
    struct page_node *root; /* null: empty */
    unsigned height;        /* of the tree that the root is of: at height 1 it holds frames */
};

/* Null where there is none. */
struct frame *page_index_find(const struct page_index *index, uint64_t page);

/* How many frames there are in [first, last]. */
uint64_t page_index_count(const struct page_index *index, uint64_t first, uint64_t last);

/* The first frame at `page` or behind it, whose owned.index says where; null where there is none.
 */
struct frame *page_index_next(const struct page_index *index, uint64_t page);

/* Makes room for `page`, so that page_index_put cannot fail. Errors: STATUS_NO_MEMORY; nothing has
 * changed. */
enum status page_index_reserve(struct page_index *index, uint64_t page);

/* Puts the frame where page_index_reserve has made room and none is. */
void page_index_put(struct page_index *index, uint64_t page, struct frame *frame);

/*
 * Takes out the frames of [first, last], lowest first, and hands each to `drop`. Nodes that are
 * not needed then are freed, also those that page_index_reserve has made.
 */
void page_index_remove(struct page_index *index, uint64_t first, uint64_t last,
                       void (*drop)(void *context, uint64_t page, struct frame *frame),
                       void *context);

END_C_DECLS
