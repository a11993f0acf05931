#pragma once

#include <stdint.h>

#include "kernel/files/node/node.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Names and what they stand for: what Linux checks for every file system, in its order, and then
 * the file system's own operation, all under its tree_lock. A failure leaves everything as it was.
 *
 * A name is one component: "." and ".." are dealt with above. Errors that all have in common:
 * STATUS_NAME_TOO_LONG; STATUS_NOT_A_DIRECTORY; STATUS_NOT_FOUND, also where the directory itself
 * is removed; STATUS_ACCESS_DENIED, it may not be changed; STATUS_NO_MEMORY.
 */

BEGIN_C_DECLS

/* What the name stands for, with a reference. Checks no permission. */
enum status directory_find(struct node *directory, struct name name, struct node **child);

/* The directory above, with a reference; of a root, itself. */
struct node *directory_parent(struct node *directory);

/*
 * man 2 mknod, mkdir, symlink: a new node, with a reference. It belongs to `credentials`, whatever
 * the request says; a directory with the set-group bit hands its group on. Errors: STATUS_EXISTS;
 * STATUS_NOT_PERMITTED, a device that root alone makes; STATUS_NOT_FOUND, nothing can be made
 * there; STATUS_TOO_MANY_LINKS.
 */
enum status directory_make(struct node *directory, struct name name,
                           const struct node_request *request,
                           const struct credentials *credentials, struct node **child);

/* man 2 open, O_TMPFILE: the same without a name; link can give it one if it is_linkable. Until
 * then it shows as one that had the name `shown`. Errors: STATUS_NOT_SUPPORTED, the file system
 * cannot. */
enum status directory_make_nameless(struct node *directory, struct name shown,
                                    const struct node_request *request, bool is_linkable,
                                    const struct credentials *credentials, struct node **child);

/* man 2 link. Errors: STATUS_EXISTS; STATUS_OTHER_FILE_SYSTEM; STATUS_NOT_PERMITTED, `node` is a
 * directory; STATUS_NOT_FOUND, it has lost its last name; STATUS_TOO_MANY_LINKS. */
enum status directory_link(struct node *directory, struct name name, struct node *node,
                           const struct credentials *credentials);

/* man 2 unlink. Errors: STATUS_IS_A_DIRECTORY; STATUS_NOT_PERMITTED, the directory is sticky and
 * neither is theirs; STATUS_BUSY, something is mounted there. */
enum status directory_remove(struct node *directory, struct name name,
                             const struct credentials *credentials);

/* man 2 rmdir. Errors: as directory_remove; STATUS_NOT_EMPTY. */
enum status directory_remove_directory(struct node *directory, struct name name,
                                       const struct credentials *credentials);

/* man 2 renameat2. */
enum rename_mode : uint8_t {
    RENAME_OVER,             /* what has the new name already goes */
    RENAME_ONLY_NEW,         /* RENAME_NOREPLACE */
    RENAME_SWAP,             /* RENAME_EXCHANGE: both stay, and have each other's name */
    RENAME_OVER_LEAVING,     /* RENAME_WHITEOUT: the old name becomes that of a device 0 */
    RENAME_ONLY_NEW_LEAVING, /* both */
};

struct rename_end {
    struct node *directory;
    struct name name;
    bool must_be_directory; /* a slash follows the name */
};

/*
 * Errors: STATUS_OTHER_FILE_SYSTEM; STATUS_EXISTS, under RENAME_ONLY_NEW; STATUS_INVALID, into
 * itself; STATUS_NOT_EMPTY; STATUS_IS_A_DIRECTORY and STATUS_NOT_A_DIRECTORY, one of them is and
 * the other is not; STATUS_BUSY; STATUS_NOT_PERMITTED, sticky; STATUS_TOO_MANY_LINKS.
 */
enum status directory_rename(const struct rename_end *from, const struct rename_end *to,
                             enum rename_mode mode, const struct credentials *credentials);

/*
 * The first entry at the position or after it, in the order of man 3 readdir: "." at 0, ".." at 1.
 * An entry that is there all the time comes exactly once. STATUS_NOT_FOUND: that was all, or the
 * directory is removed; see node_link_count.
 */
enum status directory_next(struct node *directory, uint64_t position, struct listed_entry *entry);

END_C_DECLS
