#include "kernel/files/epoll/set.h"

/* How sets may watch sets. They are in no circle, and no chain of them is longer than this. */
constexpr unsigned CHAIN_LENGTH_MAX = 5;

static uint64_t walk_count; /* guarded by file_watches */

static unsigned greater(unsigned a, unsigned b) {
    return a > b ? a : b;
}

/* Whether this walk has been here; from now on it has. */
static bool was_here(struct epoll_set *set, uint64_t walk) REQUIRES(file_watches) {
    bool was = set->last_walk == walk;
    set->last_walk = walk;
    return was;
}

/* How many sets the longest chain from `set` down has, itself too. Where `watcher` is in one, more
 * than are allowed. */
static unsigned depth_below(struct epoll_set *set, const struct epoll_set *watcher, uint64_t walk)
    REQUIRES(file_watches) {
    if (set == watcher) {
        return CHAIN_LENGTH_MAX;
    }
    if (was_here(set, walk)) {
        return set->depth;
    }
    unsigned below = 0;
    for (struct tree_node *at = tree_first(&set->items); at != nullptr; at = tree_next(at)) {
        const struct file *file = item_of(at)->file;
        below = greater(below, file_is_epoll(file) ? depth_below(set_of(file), watcher, walk) : 0);
    }
    set->depth = below + 1;
    return set->depth;
}

/* The same from the set up. */
static unsigned depth_above(struct epoll_set *set, uint64_t walk) REQUIRES(file_watches) {
    const struct list_node *watches = &set->file->watches;
    if (was_here(set, walk)) {
        return set->depth;
    }
    unsigned above = 0;
    for (struct list_node *at = watches->next; at != watches; at = at->next) {
        struct file_watch *watch = LIST_ENTRY(at, struct file_watch, link);
        above = greater(above, depth_above(item_of_watch(watch)->set, walk));
    }
    set->depth = above + 1;
    return set->depth;
}

bool set_may_watch(const struct file *epoll, const struct file *file) {
    if (!file_is_epoll(file)) {
        return true;
    }
    unsigned below = depth_below(set_of(file), set_of(epoll), ++walk_count);
    return below < CHAIN_LENGTH_MAX &&
           below + depth_above(set_of(epoll), ++walk_count) <= CHAIN_LENGTH_MAX;
}

/* Of the paths by which a change of a file reaches a set that nobody watches, how many may go over
 * so many other sets; Linux's numbers. */
static const unsigned path_limits[CHAIN_LENGTH_MAX] = {UINT32_MAX, 500, 100, 50, 10};

struct path_counts {
    unsigned of_length[CHAIN_LENGTH_MAX];
};

/* Counts the paths from the file up; false: there are too many. */
static bool count_paths(const struct file *file, unsigned length, struct path_counts *counts)
    REQUIRES(file_watches) {
    const struct list_node *watches = &file->watches;
    bool are_few = true;
    for (struct list_node *at = watches->next; at != watches && are_few; at = at->next) {
        const struct file *above =
            item_of_watch(LIST_ENTRY(at, struct file_watch, link))->set->file;
        are_few = list_is_empty(&above->watches)
                      ? ++counts->of_length[length] <= path_limits[length]
                      : count_paths(above, length + 1, counts);
    }
    return are_few;
}

/* Each set is come by once. */
static bool are_few_from(const struct file *file, uint64_t walk) REQUIRES(file_watches) {
    if (!file_is_epoll(file)) {
        return count_paths(file, 0, &(struct path_counts){});
    }
    if (was_here(set_of(file), walk)) {
        return true;
    }
    struct tree_node *at = tree_first(&set_of(file)->items);
    bool are_few = true;
    for (; at != nullptr && are_few; at = tree_next(at)) {
        are_few = are_few_from(item_of(at)->file, walk);
    }
    return are_few;
}

bool set_paths_are_few(const struct file *epoll, const struct file *file) {
    bool is_nested = file_is_epoll(file) || !list_is_empty(&epoll->watches);
    return !is_nested || are_few_from(file, ++walk_count);
}
