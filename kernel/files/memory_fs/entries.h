#pragma once

#include "kernel/files/memory_fs/memory_node.h"
#include "lib/status.h"

/* The names of a directory: two trees over the same entries. All under the system's tree_lock. */

/* A copy of the name that is nowhere yet. STATUS_NO_MEMORY. */
enum status entry_create(struct name name, struct memory_entry **entry);

/* Null where nothing has the name. */
struct memory_entry *entry_find(const struct memory_node *directory, struct name name);

/* The first at the position or after it; null where there is none. */
struct memory_entry *entry_from_position(const struct memory_node *directory, uint64_t position);

/* Puts an entry whose name is not taken into the directory: it names the node from now on, holds a
 * reference to it, and counts as a link. */
void entry_insert(struct memory_node *directory, struct memory_entry *entry,
                  struct memory_node *node);

/* The node, which has no name, shows this one as its last. */
void entry_show(struct memory_node *directory, struct memory_entry *entry,
                struct memory_node *node);

/* Takes it out, and the reference and the links with it. The node's last name stays with the node;
 * every other is freed. */
void entry_remove(struct memory_entry *entry);

/* Each gets the other's node; links of the directories move as ".." does. */
void entry_exchange(struct memory_entry *a, struct memory_entry *b);
