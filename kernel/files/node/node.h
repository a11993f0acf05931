#pragma once

#include <stdint.h>

#include "kernel/files/node/credentials.h"
#include "kernel/files/node/operations.h"
#include "lib/capability.h"
#include "lib/decls.h"
#include "lib/list.h"
#include "lib/status.h"
#include "mm/lock/sleep_lock.h"

/*
 * A file as such, whatever its names (man 7 inode). A file system embeds a struct node in its own.
 */

BEGIN_C_DECLS

struct node;
struct pipe;

/* The file-type bits of st_mode. */
enum node_kind : uint32_t {
    NODE_FIFO = 0010000,
    NODE_CHARACTER_DEVICE = 0020000,
    NODE_DIRECTORY = 0040000,
    NODE_BLOCK_DEVICE = 0060000,
    NODE_REGULAR = 0100000,
    NODE_SYMLINK = 0120000,
    NODE_SOCKET = 0140000,
};

constexpr uint32_t KIND_MASK = 0170000;
constexpr uint32_t PERMISSION_MASK = 07777;
constexpr uint32_t PERMISSION_SET_USER = 04000;
constexpr uint32_t PERMISSION_SET_GROUP = 02000;
constexpr uint32_t PERMISSION_STICKY = 01000;

/* struct timespec of man 3type timespec. */
struct file_time {
    int64_t seconds;
    int64_t nanoseconds;
};

/* What can be refused for good of a regular file (man 2 fcntl, F_ADD_SEALS), in Linux's bits. */
constexpr uint32_t SEAL_SEALS = 0x01;
constexpr uint32_t SEAL_SHRINKING = 0x02;
constexpr uint32_t SEAL_GROWING = 0x04;
constexpr uint32_t SEAL_WRITING = 0x08;
constexpr uint32_t SEAL_FUTURE_WRITING = 0x10; /* but by memory that is mapped already */
constexpr uint32_t SEAL_EXECUTING = 0x20;      /* its permissions to be executed stay as they are */

struct file_system {
    const char *name;            /* of its kind, for /proc/mounts; fixed at creation */
    const char *label;           /* not null: its nodes have no paths and are shown as "label:[1]",
                                    with their number; fixed at creation */
    uint32_t device;             /* st_dev of its nodes; fixed at creation */
    uint32_t type;               /* f_type of man 2 statfs; fixed at creation */
    uint64_t last_number;        /* of its nodes; atomic */
    struct sleep_lock tree_lock; /* guards which names stand where, in all its directories */
    bool is_unmounted;           /* guarded by tree_lock: it is being dismantled, or has been */

    /* Ends a system that nothing is mounted on, taking the reference of its root's maker. Nodes
     * that are still open live on without their names. */
    void (*dismantle)(struct node *root);
};

struct node {
    const struct node_operations *operations; /* fixed at creation */
    struct file_system *system;               /* fixed at creation */
    uint64_t number;                          /* fixed at creation */
    enum node_kind kind;                      /* fixed at creation */
    uint32_t device;                          /* of a device node; fixed at creation */
    uint32_t reference_count;                 /* atomic */
    uint32_t mount_count;                     /* how many mounts cover it; atomic */
    uint32_t link_count;                      /* atomic; changed under the system's tree_lock */
    uint32_t writing_map_count; /* atomic: areas that may write to it, and calls that make some */
    int32_t writer_count;       /* atomic; below 0: so many execute it, and nobody may write */

    uint8_t observed;           /* atomic; see kernel/files/node/observer.h */
    struct list_node observers; /* guarded by node_observing */

    struct sleep_lock lock;
    uint32_t permissions;                         /* guarded by lock; of PERMISSION_MASK */
    uint32_t user, group;                         /* guarded by lock */
    struct file_time accessed, modified, changed; /* guarded by lock */
    struct pipe *pipe;                            /* guarded by lock; a fifo's, while it is open */
    uint32_t seals;                               /* guarded by lock */
    uint64_t stored_ns; /* atomic; since 1970: when memory that shows it was first written to, where
                           the other times do not know of it yet; 0: never */
    uint8_t write_hint; /* atomic; of man 2 fcntl, F_SET_RW_HINT */
    bool is_linkable;   /* guarded by tree_lock: it may get its first name (O_TMPFILE) */
};

/* Of a node's `observed`. */
constexpr uint8_t OBSERVED = 1;               /* it has observers */
constexpr uint8_t OBSERVED_WITH_CHILDREN = 2; /* and its names are marked as the next says */
constexpr uint8_t OBSERVED_AS_CHILD = 4;      /* the directory that names it may have observers */

/* What a node is to be. */
struct node_request {
    enum node_kind kind;
    uint32_t permissions;
    uint32_t user, group;
    uint32_t device;         /* a device node's */
    struct name link_target; /* a symbolic link's */
};

/* Makes `node`, which is zeroed, one of the system, with one reference, link_count 0 and
 * SEAL_SEALS. */
void node_init(struct node *node, struct file_system *system,
               const struct node_operations *operations, const struct node_request *request);

void node_ref(struct node *node);

/* With the last reference the node goes; `node` may be null. */
void node_unref(struct node *node);

/* A number for st_dev that no other file system has. */
uint32_t file_system_take_device(void);

/* Where the time comes from; before it is set all times are 0. Called once, at boot. */
void node_set_clock(struct file_time (*now)(void));
struct file_time node_now(void);

/* A file is either written to or executed (ETXTBSY). Errors: STATUS_TEXT_BUSY, it is in the other
 * use. */
enum status node_begin_writing(struct node *node);
void node_end_writing(struct node *node);
enum status node_begin_executing(struct node *node);
void node_end_executing(struct node *node);

/* The link count moves by `change`. */
void node_add_links(struct node *node, int change);

static inline uint32_t node_link_count(const struct node *node) {
    return __atomic_load_n(&node->link_count, __ATOMIC_RELAXED);
}

END_C_DECLS
