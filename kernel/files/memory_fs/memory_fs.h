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

/* An empty one, whose root is root's, with these permissions. The maker holds a reference to the
 * root, which ends with the system's `dismantle`. Errors: STATUS_NO_MEMORY. */
enum status memory_fs_create(uint32_t root_permissions, struct node **root);

END_C_DECLS
