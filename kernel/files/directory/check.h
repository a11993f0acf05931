#pragma once

#include "kernel/files/node/node.h"
#include "lib/status.h"

/* What is asked before a directory is changed, under the tree_lock of its system. */

/* What the name stands for, with a reference; the tree_lock is held. */
enum status find_held(struct node *directory, struct name name, struct node **child)
    REQUIRES(directory->system->tree_lock);

/* Whether a name may be added. STATUS_ACCESS_DENIED; STATUS_NOT_FOUND, the directory is gone. */
enum status check_may_add(struct node *directory, const struct credentials *credentials);

/* The same for taking the name of `child` away, by what is for directories or by what is not. */
enum status check_may_remove(struct node *directory, struct node *child, bool as_directory,
                             const struct credentials *credentials);

static inline bool is_mount_point(const struct node *node) {
    return __atomic_load_n(&node->mount_count, __ATOMIC_RELAXED) > 0;
}
