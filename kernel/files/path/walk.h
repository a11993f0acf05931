#pragma once

#include "kernel/files/path/path.h"

/*
 * The walk over a path's components. What a symbolic link says is walked before the rest of
 * the path that it stands in; the rests wait on a stack.
 */

/* A link's text that is being walked, and what waits behind it. */
struct walk_link {
    char *text;       /* PATH_SIZE_MAX bytes of the heap */
    const char *rest; /* of the text below */
};

struct path_walk {
    const struct path_view *view;
    struct location at; /* owned */
    const char *rest;   /* what is still to be walked of the text on top */
    unsigned follow_count;
    unsigned depth;
    struct walk_link links[LINK_FOLLOW_MAX];
};

/* A component; its name lies in memory that lives until the walk goes on. */
struct walk_last {
    enum last_kind kind;
    bool must_be_directory;
    struct name name;
};

enum status walk_begin(struct path_walk *walk, const struct path_view *view, const char *path);

/* Walks until one component is left over, where names can be searched. */
enum status walk_to_last(struct path_walk *walk, struct walk_last *last);

/* Walks the last component too, and through links to the end. */
enum status walk_last(struct path_walk *walk, struct walk_last *last, enum last_link last_link);

/* What the name stands for where the walk is, through what is mounted there; owned. */
enum status walk_find(struct path_walk *walk, struct name name, struct location *child);

/* Goes on with what the link says, before the rest; or where it leads, if it leads to a place. */
enum status walk_follow(struct path_walk *walk, struct node *link);

/* Gives back what the walk holds, `at` too. */
void walk_end(struct path_walk *walk);
