#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/node/node.h"
#include "kernel/files/transfer/transfer.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * A file system whose nodes are made when somebody looks them up and whose contents are made when
 * somebody reads them (man 5 proc). Tables say what is in a directory; besides, it can hold names
 * that are numbers, which come and go.
 */

BEGIN_C_DECLS

/* What a node tells of. All zeroes: the system as a whole. */
struct made_subject {
    void *about;         /* a process, counted by the system's ref and unref; may be null */
    uint32_t task;       /* of a directory of one of its tasks; 0: all of it */
    uint32_t descriptor; /* of a link to an open file */
};

/* An open file. */
struct made_view {
    const struct made_subject *subject;
    const void *data; /* the entry's */
    void *state;      /* what the entry's `open` made */
    uint32_t opener;  /* who opened it */
};

struct made_entry;

/* What a number names. */
struct made_child {
    const struct made_entry *entry;
    struct made_subject subject; /* its `about` is owned */
    uint32_t permissions;        /* instead of the entry's; 0: the entry's */
};

struct made_directory {
    const struct made_entry *entries;
    size_t entry_count;

    /* Names that are numbers; both null where there are none. STATUS_NOT_FOUND: nothing has the
     * number. `next` finds the lowest from `from` on. Both run under the system's tree_lock. */
    enum status (*find)(const struct made_subject *directory, uint32_t number,
                        struct made_child *child);
    bool (*next)(const struct made_subject *directory, uint32_t from, uint32_t *number);
    enum node_kind number_kind; /* what they name */
};

/* A name in a table. What it cannot do is null. */
struct made_entry {
    const char *name; /* null: that of a number */
    enum node_kind kind;
    uint32_t permissions;
    const struct made_directory *directory; /* a directory's */
    const void *data;                       /* for the entry's own functions */

    /* What an open file keeps, so that it goes on telling of what it was opened for; null: nothing,
     * and whoever the permissions let may open it. */
    enum status (*open)(const struct made_subject *subject, void **state);
    void (*release)(void *state);

    /* A file of text: all of it, and what is done with what is written to it at once. `show` runs
     * when the file is read from its start; whoever reads on gets the rest of the same text. */
    enum status (*show)(const struct made_view *view, const struct text_sink *sink);

    /* Instead of `show`, a text of any length, made in pieces while it is read: writes the one at
     * `*cursor`, which is 0 at the start, and moves the cursor on; nothing at the end. */
    enum status (*show_next)(const struct made_view *view, uint64_t *cursor,
                             const struct text_sink *sink);
    enum status (*accept)(const struct made_view *view, UNTRUSTED const char *text, size_t length);

    /* A file that is no text: as those of struct file_operations. */
    enum status (*read)(const struct made_view *view, uint64_t *position,
                        struct transfer *transfer);
    enum status (*write)(const struct made_view *view, uint64_t *position,
                         struct transfer *transfer);

    /* A symbolic link: as those of struct node_operations. */
    enum status (*read_link)(const struct made_subject *subject, char *text, size_t *length);
    enum status (*follow)(const struct made_subject *subject, struct location *place);
};

struct made_file_system {
    struct file_system base;
    const struct made_directory *root;
    void (*ref)(void *about);
    void (*unref)(void *about);

    /* Whether what the node tells of is still there. */
    bool (*is_there)(const struct made_subject *subject);

    /* Whose the node is. */
    void (*find_owner)(const struct made_subject *subject, uint32_t *user, uint32_t *group);
};

/* How much may be written to a file of text at once: STATUS_INVALID beyond it. */
constexpr size_t ACCEPTED_SIZE_MAX = 4096;

/* What a directory with these contents tells of; null: the node is no such directory. */
const struct made_subject *made_directory_subject(struct node *node,
                                                  const struct made_directory *contents);

/* The root of one, with a reference: for mount_attach. The system lives as long as the kernel.
 * Errors: STATUS_NO_MEMORY. */
enum status made_fs_root(struct made_file_system *system, struct node **root);

END_C_DECLS
