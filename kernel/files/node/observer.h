#pragma once

#include <stdint.h>

#include "kernel/files/node/node.h"
#include "lib/capability.h"
#include "lib/decls.h"

/*
 * Who is to know what happens to a node (man 7 inotify). What has no observers, in a directory that
 * has none, is asked for one byte at each operation and pays no more.
 *
 * An observed directory hears of its children too. Which of them stand in one is marked in
 * themselves: when a directory gets its first observer, when a name is looked up or given in it;
 * and a mark that is no longer true goes when it is next followed. Only systems that names can be
 * made in mark any, for those alone have the same node for a name each time.
 */

BEGIN_C_DECLS

/* Events, in Linux's bits. */
constexpr uint32_t EVENT_ACCESS = 0x1;
constexpr uint32_t EVENT_MODIFY = 0x2;
constexpr uint32_t EVENT_ATTRIBUTES = 0x4;
constexpr uint32_t EVENT_CLOSE_WRITTEN = 0x8; /* it was open for writing */
constexpr uint32_t EVENT_CLOSE = 0x10;        /* it was not */
constexpr uint32_t EVENT_OPEN = 0x20;
constexpr uint32_t EVENT_MOVED_FROM = 0x40;
constexpr uint32_t EVENT_MOVED_TO = 0x80;
constexpr uint32_t EVENT_CREATE = 0x100;
constexpr uint32_t EVENT_DELETE = 0x200;
constexpr uint32_t EVENT_DELETE_SELF = 0x400;
constexpr uint32_t EVENT_MOVE_SELF = 0x800;
constexpr uint32_t EVENTS_OF_NODES = 0xfff; /* those above */
constexpr uint32_t EVENT_UNMOUNT = 0x2000;
constexpr uint32_t EVENT_OF_DIRECTORY = 0x4000'0000; /* IN_ISDIR: besides one of the others */

struct node_event {
    uint32_t events;
    uint32_t cookie;         /* the same for both ends of a rename; else 0 */
    struct name name;        /* in the observed directory; of no length: the node itself */
    bool is_of_removed_file; /* by an open file that has lost its name: see IN_EXCL_UNLINK */
};

/* Guards who observes which node. Comes after all other sleeping locks of files. */
extern struct sleep_lock node_observing;

struct node_observer {
    struct list_node link; /* guarded by node_observing, as the next */
    struct node *node;     /* null once it observes nothing */

    /* With node_observing held. May end this observer, as no other one. */
    void (*observe)(struct node_observer *observer, const struct node_event *event);

    /* The same: the node has gone, with EVENT_DELETE_SELF or EVENT_UNMOUNT, and is observed no
     * more. */
    void (*lose)(struct node_observer *observer, uint32_t event);
};

/* The observers of a node hold one reference to it together. The caller has one of its own, and
 * calls node_observe_children next, without the lock. */
void node_observer_begin(struct node_observer *observer, struct node *node)
    REQUIRES(node_observing);
void node_observe_children(struct node *directory);

/* Returns a node whose reference the caller gives back once the lock is free, or null. */
struct node *node_observer_end(struct node_observer *observer) REQUIRES(node_observing);

/* Behind an inline look at whether there is anybody. */
void node_tell_all(struct node *node, uint32_t events, bool is_by_file);
void node_tell_itself_event(struct node *node, const struct node_event *event);
void node_mark_child(struct node *child);

/* A cookie that no rename has had, but for those of long ago; not 0. */
uint32_t node_take_cookie(void);

static inline bool node_has(const struct node *node, uint8_t marks) {
    return (__atomic_load_n(&node->observed, __ATOMIC_RELAXED) & marks) != 0;
}

/* Tells who observes the node, and who observes the directory that it stands in. No lock of files
 * is held that tree_lock comes before, nor tree_lock. */
static inline void node_tell(struct node *node, uint32_t events) {
    if (node_has(node, OBSERVED | OBSERVED_AS_CHILD)) {
        node_tell_all(node, events, false);
    }
}

/* The same of what was done through an open file; null: it has no node. */
static inline void node_tell_use(struct node *node, uint32_t events) {
    if (node != nullptr && node_has(node, OBSERVED | OBSERVED_AS_CHILD)) {
        node_tell_all(node, events, true);
    }
}

/* Tells only who observes the node itself. */
static inline void node_tell_itself(struct node *node, uint32_t events) {
    if (node_has(node, OBSERVED)) {
        const struct node_event event = {.events = events};
        node_tell_itself_event(node, &event);
    }
}

/* Tells who observes the directory of a name in it. */
static inline void directory_tell(struct node *directory, struct name name, uint32_t events,
                                  uint32_t cookie) {
    if (node_has(directory, OBSERVED)) {
        const struct node_event event = {.events = events, .cookie = cookie, .name = name};
        node_tell_itself_event(directory, &event);
    }
}

/* The child stands in the directory now; tree_lock is held. */
static inline void directory_mark(const struct node *directory, struct node *child) {
    if (node_has(directory, OBSERVED_WITH_CHILDREN)) {
        node_mark_child(child);
    }
}

/* IN_ISDIR for a directory. */
static inline uint32_t kind_event(const struct node *node) {
    return node->kind == NODE_DIRECTORY ? EVENT_OF_DIRECTORY : 0;
}

END_C_DECLS
