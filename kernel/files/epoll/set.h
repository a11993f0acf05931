#pragma once

#include "kernel/files/epoll/epoll.h"
#include "lib/list.h"
#include "lib/spinlock.h"
#include "lib/tree.h"
#include "mm/lock/sleep_lock.h"

/* What the sources of this room share: the set, and what it watches. */

struct epoll_set {
    struct sleep_lock lock;  /* after file_watches, before every other lock of files */
    const struct file *file; /* fixed when it is open */
    struct tree items;       /* by file and number; guarded by lock and file_watches */
    uint64_t last_walk;      /* guarded by file_watches, as the next: who came by last */
    unsigned depth;          /* and the length of the chain that it found from here on */
    struct wait_queue changed;
    struct spinlock ready_lock;
    struct list_node ready; /* items that may be ready; guarded by ready_lock */
};

struct epoll_item {
    struct tree_node of_set;
    struct epoll_set *set;     /* fixed at creation */
    struct file *file;         /* not owned: the watch ends with it; fixed at creation */
    uint32_t number;           /* fixed at creation */
    struct epoll_event event;  /* guarded by set->lock */
    struct file_watch watch;   /* of the file */
    struct waiter waiter;      /* on the file's queue */
    struct list_node of_ready; /* guarded by set->ready_lock, as the next */
    bool is_listed;
};

static inline struct epoll_set *set_of(const struct file *file) {
    return file->state;
}

static inline struct epoll_item *item_of(struct tree_node *node) {
    return TREE_ENTRY(node, struct epoll_item, of_set);
}

static inline struct epoll_item *item_of_watch(struct file_watch *watch) {
    return LIST_ENTRY(watch, struct epoll_item, watch);
}

/* Whether `epoll` may watch the file: then sets are in no circle, and no chain is too long. The
 * same was so before, so a walk ends, and comes by each set once. */
bool set_may_watch(const struct file *epoll, const struct file *file) REQUIRES(file_watches);

/* Whether, now that `epoll` watches the file, a change of what is there, or below, reaches the sets
 * above on no more paths than Linux allows: it goes all of them with pre-emption off. */
bool set_paths_are_few(const struct file *epoll, const struct file *file) REQUIRES(file_watches);

/* Puts an item on the list of those that may be ready, and tells those who wait for the set. */
void item_is_ready(struct epoll_item *item);

/* The first item of the list, which is not empty; off it. */
struct epoll_item *set_pop_ready(struct epoll_set *set) REQUIRES(set->lock);
void set_push_ready(struct epoll_set *set, struct epoll_item *item) REQUIRES(set->lock);

/* Off the list, if it is on it. */
void set_drop_ready(struct epoll_set *set, struct epoll_item *item) REQUIRES(set->lock);

/* The last item of the list; null: it is empty. It stays there until somebody with the lock takes
 * it off. */
const struct epoll_item *set_last_ready(struct epoll_set *set) REQUIRES(set->lock);

/* What a set is ready for itself. */
uint32_t set_poll(struct file *file, struct waiter *waiter);
