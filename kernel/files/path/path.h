#pragma once

#include <stddef.h>

#include "kernel/files/directory/directory.h"
#include "kernel/files/path/mount.h"
#include "lib/decls.h"
#include "lib/status.h"
#include "lib/untrusted.h"

/*
 * From a path to what it names, in the order of Linux's errors (man 7 path_resolution), and the
 * changes that are made by path. A path is terminated, and shorter than PATH_SIZE_MAX with its
 * terminator.
 *
 * Errors that all have in common: STATUS_NOT_FOUND, also for the empty path;
 * STATUS_NAME_TOO_LONG; STATUS_NOT_A_DIRECTORY; STATUS_ACCESS_DENIED, a directory on the way may
 * not be searched; STATUS_LINK_LOOP, more than LINK_FOLLOW_MAX symbolic links; STATUS_NO_MEMORY.
 */

BEGIN_C_DECLS

constexpr unsigned LINK_FOLLOW_MAX = 40;

/* From where, and on whose behalf, a path is meant. Not owned. */
struct path_view {
    struct location root;  /* where "/" leads, and ".." does not lead out of */
    struct location start; /* of relative paths: the working directory, or what a descriptor is */
    const struct credentials *credentials;

    /* man 2 openat2: symbolic links are a loop, the jumps of /proc alone, and what leads out of
     * `start`, or to another mount, is STATUS_OTHER_FILE_SYSTEM. */
    bool refuses_links, refuses_jumps, stays_below, stays_in_mount;
};

/* What a symbolic link at the end stands for. */
enum last_link : uint8_t {
    LAST_LINK_FOLLOW,
    LAST_LINK_KEEP, /* itself: O_NOFOLLOW, AT_SYMLINK_NOFOLLOW */
};

/* What is found is owned. A slash at the end asks for a directory, and follows a link to it. */
enum status path_resolve(const struct path_view *view, UNTRUSTED const char *path,
                         enum last_link last_link, struct location *found);

/* The same, where the empty path means `start` itself, whatever that is: AT_EMPTY_PATH. */
enum status path_resolve_or_start(const struct path_view *view, UNTRUSTED const char *path,
                                  enum last_link last_link, struct location *found);

/* How a path ends. */
enum last_kind : uint8_t {
    LAST_NAME,
    LAST_DOT,     /* "." */
    LAST_DOT_DOT, /* ".." */
    LAST_ROOT,    /* there is only the root */
};

/* All of a path but its last component, which is not looked up: whether it is there, or has a
 * length that can be, is not asked. */
struct path_parent {
    struct location directory; /* owned; it can be searched, but for LAST_ROOT */
    enum last_kind kind;
    bool must_be_directory; /* slashes follow */
    struct name name;       /* of LAST_NAME; lies in the path */
};

enum status path_find_parent(const struct path_view *view, UNTRUSTED const char *path,
                             struct path_parent *parent);

/* Whether open may also find what it could make. */
enum path_creation : uint8_t {
    CREATE_OR_FIND,
    CREATE_ALONE, /* O_EXCL */
};

/*
 * man 2 open with O_CREAT: what the path names, made as `request` says if it is not there;
 * `*is_made` tells. Errors: as directory_make; STATUS_EXISTS, under CREATE_ALONE;
 * STATUS_IS_A_DIRECTORY, the path can only name one.
 */
enum status path_create(const struct path_view *view, UNTRUSTED const char *path,
                        const struct node_request *request, enum last_link last_link,
                        enum path_creation creation, struct location *found, bool *is_made);

/*
 * man 2 getcwd, readlink of /proc/PID/fd: the path of a place as seen from `root`, at the end of
 * `buffer`, which is of size_bytes. `*path` is where it begins, terminated. " (deleted)" follows
 * where the name is gone; a place that `root` does not lead to begins with "(unreachable)". Errors:
 * STATUS_OUT_OF_RANGE, the buffer is too small. A node with several names shows one of them.
 */
enum status path_of(const struct location *place, const struct location *root, char *buffer,
                    size_t size_bytes, const char **path);

/* The same as seen from the root of its file system, whatever is mounted where, for mountinfo. */
enum status path_in_system(const struct location *place, char *buffer, size_t size_bytes,
                           const char **path);

END_C_DECLS
