#pragma once

#include <stdint.h>

#include "kernel/files/node/node.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * A file system in memory (man 5 tmpfs). Finding a name takes time in the logarithm of how many
 * there are. Its nodes and contents go when neither a name nor anybody else refers to them.
 */

BEGIN_C_DECLS

constexpr uint32_t MEMORY_FS_TYPE = 0x01021994; /* TMPFS_MAGIC of man 2 statfs */

/* What it is to be. */
struct memory_fs_request {
    uint32_t root_permissions;
    uint64_t page_limit; /* for the contents of all its files */
    uint64_t node_limit; /* for nodes; further names and extended attributes count as well */
};

constexpr uint64_t MEMORY_FS_UNLIMITED = UINT64_MAX;
constexpr uint64_t MEMORY_FS_NODES_MAX = UINT64_MAX / 1024; /* that a limit can allow */

/* As man 5 tmpfs has it where nothing is asked for: half of the memory, and a node for each page of
 * it. */
uint64_t memory_fs_default_limit(void);

/* An empty one, whose root is root's. The maker holds a reference to the root, which ends with the
 * system's `dismantle`. Errors: STATUS_NO_MEMORY. */
enum status memory_fs_create_as(const struct memory_fs_request *request, struct node **root);

/* The same with the limit that is the rule. */
enum status memory_fs_create(uint32_t root_permissions, struct node **root);

/* How many pages its files have, and may have; how many nodes there may be, and still be made. */
struct memory_fs_usage {
    uint64_t page_count;
    uint64_t page_limit;
    uint64_t node_limit;
    uint64_t free_nodes;
};

/* Of a system that one of these has made. */
struct memory_fs_usage memory_fs_usage(const struct file_system *system);

END_C_DECLS
