#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/* Sets of memory nodes as man 2 mbind has them: an array of words, and one more than the number of
 * its bits. There is one node, number 0. */

BEGIN_C_DECLS

constexpr uint32_t NODE_COUNT_MAX = 1024; /* MAX_NUMNODES: larger numbers stand for no node */

struct node_set {
    uint64_t first; /* nodes 0 to 63: what can be asked back */
    bool has_more;
};

static inline bool node_set_is_empty(const struct node_set *nodes) {
    return nodes->first == 0 && !nodes->has_more;
}

/* Errors: STATUS_FAULT; STATUS_INVALID, too many bits, or one that stands for no node. */
enum status node_set_read(uint64_t address, uint64_t bit_count, struct node_set *nodes);

/* Errors: STATUS_FAULT; STATUS_INVALID, room for more than a page of bits. */
enum status node_set_write(uint64_t address, uint64_t bit_count, uint64_t first);

END_C_DECLS
