#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/files/transfer/transfer.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * What a file system does for its nodes. Who may do it, what is in the way and in which order the
 * errors come is decided above, once for all file systems: kernel/files/directory for names,
 * kernel/files/file for contents.
 */

BEGIN_C_DECLS

struct node;
struct node_request;
struct memory_object;
struct location;
struct file_operations;
struct list_node;

constexpr size_t NAME_LENGTH_MAX = 255;        /* NAME_MAX */
constexpr size_t PATH_SIZE_MAX = 4096;         /* PATH_MAX, with the terminator */
constexpr uint32_t LINK_COUNT_MAX = INT32_MAX; /* of one node: what can be counted */

/* A name in a directory: no slash, not terminated, at least one byte. */
struct name {
    const char *text;
    size_t length;
};

/* What reading a directory finds. */
struct listed_entry {
    uint64_t number;        /* of its node */
    uint64_t next_position; /* where reading goes on after it */
    uint32_t kind;          /* enum node_kind */
    size_t name_length;
    char name[NAME_LENGTH_MAX + 1]; /* terminated */
};

struct node_operations {
    /*
     * Nobody refers to the node any more: frees it. Returns a node that it held a reference to,
     * which the caller gives back next, or null: so a long chain needs no deep stack.
     */
    struct node *(*release)(struct node *node);

    uint64_t (*size)(struct node *node);        /* in bytes */
    uint64_t (*block_count)(struct node *node); /* of 512 bytes */

    /*
     * Directories, each under the system's tree_lock; names are at most NAME_LENGTH_MAX long, and
     * those of `make` and `link` are not taken. Where a result is a node, it comes with a
     * reference.
     */
    enum status (*find)(struct node *directory, struct name name, struct node **child);
    enum status (*make)(struct node *directory, struct name name,
                        const struct node_request *request, struct node **child);
    enum status (*link)(struct node *directory, struct name name, struct node *child);

    /* A node that has no name, but shows as if it had lost this one. Null: it cannot. */
    enum status (*make_nameless)(struct node *directory, struct name shown,
                                 const struct node_request *request, struct node **child);
    void (*remove)(struct node *directory, struct name name);
    enum status (*move)(struct node *from, struct name from_name, struct node *to,
                        struct name to_name); /* over what is there */
    /* The same, and a new node of the old name takes the place. */
    enum status (*move_leaving)(struct node *from, struct name from_name, struct node *to,
                                struct name to_name, const struct node_request *left);
    void (*exchange)(struct node *from, struct name from_name, struct node *to,
                     struct name to_name);
    bool (*is_empty)(struct node *directory);

    /* The first entry at a position from 2 on; STATUS_NOT_FOUND where there is none. What is there
     * throughout is found exactly once, whatever comes and goes. */
    enum status (*next)(struct node *directory, uint64_t position, struct listed_entry *entry);

    /*
     * Of any node, under tree_lock: the directory that names it, with a reference, and the name, of
     * which the buffer takes NAME_LENGTH_MAX + 1 bytes. Null for a root. A node that lost its last
     * name still knows that one; link_count tells.
     */
    struct node *(*whereabouts)(struct node *node, char *name);

    /* Where the node keeps its extended attributes (kernel/files/extended): a list under its lock.
     * Null: nowhere. */
    struct list_node *(*extended)(struct node *node);

    /* Where it keeps some: so many bytes more of them, or fewer. Errors: STATUS_NO_SPACE. */
    enum status (*take_space)(struct node *node, uint64_t size_bytes);
    void (*give_space)(struct node *node, uint64_t size_bytes);

    /* Symbolic links: the text into PATH_SIZE_MAX bytes; not terminated. */
    enum status (*read_link)(struct node *node, char *text, size_t *length);

    /* Symbolic links that lead to a place itself, whatever their text says (man 5 proc,
     * /proc/pid/fd): that place, owned by the caller. Null: the text leads. */
    enum status (*follow)(struct node *link, struct location *place);

    /* The first byte of a regular file at `offset` or behind it that is data, or that is a hole;
     * the size where there is none before the end. Null, both: all is data up to the end. */
    uint64_t (*next_data)(struct node *node, uint64_t offset);
    uint64_t (*next_hole)(struct node *node, uint64_t offset);

    /*
     * Regular files. `allocate` takes memory also behind the end, and does not move it. `write` and
     * what follows run under the node's lock; nothing else changes the size. `write` grows the file
     * to where it ends.
     */
    enum status (*read)(struct node *node, uint64_t offset, struct transfer *transfer);
    enum status (*write)(struct node *node, uint64_t offset, struct transfer *transfer);
    enum status (*resize)(struct node *node, uint64_t size_bytes);
    enum status (*allocate)(struct node *node, uint64_t offset, uint64_t size_bytes);
    enum status (*punch)(struct node *node, uint64_t offset, uint64_t size_bytes);

    /* What an area maps; null where the contents cannot be mapped. */
    struct memory_object *(*memory)(struct node *node);

    /* What opening one makes; null: a file at a position in the contents. With it, of the
     * operations on contents only `resize` is needed. */
    const struct file_operations *files;
};

END_C_DECLS
