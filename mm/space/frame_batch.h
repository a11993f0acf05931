#pragma once

#include <stdint.h>

#include "lib/list.h"
#include "lib/status.h"
#include "mm/addr/addr.h"
#include "mm/frame/frame.h"
#include "mm/paging/page_table.h"

/*
 * Zeroed frames that were taken before anything was changed (law 2), chained through their own
 * struct frame, so that a batch of any size needs no memory of its own.
 */
struct frame_batch {
    struct list_node frames;
    uint64_t count;
};

/* Errors: STATUS_NO_MEMORY; nothing is taken then. */
enum status frame_batch_alloc(struct frame_batch *batch, uint64_t count, enum frame_state state);

/* Gives back what has not been mapped. */
void frame_batch_free(struct frame_batch *batch);

/*
 * Maps the whole batch, one frame for each page of `range`, whose tables are reserved (T4) and
 * whose pages are absent; so it cannot fail. The frames are tagged with `owner` and the page number
 * of their address (S81).
 */
void frame_batch_map(struct frame_batch *batch, struct page_table *table, struct virt_range range,
                     struct page_attributes attributes, void *owner);
