#pragma once

#include <stdint.h>

#include "kernel/files/node/node.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Which file system stands where. A place is a node as reached through one mount: the same node can
 * be reached through several.
 */

BEGIN_C_DECLS

struct mount; /* made and freed only here */

/* What a mount forbids, in the bits of man 2 mount and statvfs. */
constexpr uint32_t MOUNT_READ_ONLY = 1;
constexpr uint32_t MOUNT_NO_SET_USER = 2;
constexpr uint32_t MOUNT_NO_DEVICES = 4;
constexpr uint32_t MOUNT_NO_EXECUTION = 8;
constexpr uint32_t MOUNT_FLAGS = 15;

/* Both with a reference where the location is owned. */
struct location {
    struct mount *mount;
    struct node *node;
};

/* Another reference, and one less; both may be null at once. */
void location_ref(const struct location *location);
void location_unref(const struct location *location);

static inline bool location_is(const struct location *a, const struct location *b) {
    return a->mount == b->mount && a->node == b->node;
}

/*
 * Mounts the file system of `root`, whose maker's reference passes to the mount. The root
 * mount covers nothing. Errors: STATUS_NO_MEMORY; the reference stays the caller's.
 */
enum status mount_create_root(struct node *root, struct mount **mount);

/* The same where no path leads, for files that have no names; it covers nothing, and nobody sees
 * it. */
enum status mount_create_hidden(struct node *root, struct mount **mount);

/* A mount that no path leads to: for nodes that are open without ever having had a name. */
struct mount *mount_nowhere(void);

/* The same over a place, which becomes invisible, with flags of MOUNT_FLAGS. `*mount` is for who
 * knows that nobody takes it away. Errors: STATUS_NOT_A_DIRECTORY, one of the two is a directory
 * and the other is not; STATUS_NOT_FOUND, the place has been removed, or its mount detached;
 * STATUS_INVALID, its mount is hidden. */
enum status mount_attach(const struct location *covered, struct node *root, uint32_t flags,
                         struct mount **mount);

/*
 * man 2 mount, MS_BIND: another mount of the same file system, over a place, with the source as its
 * root and the flags of its mount. Errors: as mount_attach; STATUS_INVALID, the source is in no
 * mount that a path leads to, or in one that is unbindable.
 */
enum status mount_bind(const struct location *covered, const struct location *source);
void mount_set_unbindable(struct mount *mount, bool is_unbindable);

/* The root of the file system that a mount shows a part of, not owned; null: it shows none. */
struct node *mount_system_root(const struct mount *mount);

/* Takes a mount away, and with the last of its file system that too. Errors: STATUS_BUSY, somebody
 * refers to a place in it. */
enum status mount_detach(struct mount *mount);

/*
 * The same for the mount that `root` is the root of, where that is the only place in it that
 * anybody refers to; the caller's reference goes in any case. Errors: STATUS_BUSY;
 * STATUS_INVALID, it is no mount's root, or the root mount's.
 */
enum status mount_detach_root(const struct location *root);

/*
 * man 2 umount2, MNT_DETACH: from here on no path leads to the mount that `root` is the root of,
 * nor to those on it; each goes with the last that refers to it. The caller's reference goes.
 * Errors: STATUS_INVALID, as above.
 */
enum status mount_detach_all(const struct location *root);

/* man 2 umount2, MNT_EXPIRE: detaches it if it has been marked and not been used since; else marks
 * it. Errors: those of mount_detach_root; STATUS_TRY_AGAIN, it is marked now. */
enum status mount_detach_expired(const struct location *root);

/* Of MOUNT_FLAGS. Errors: STATUS_BUSY, MOUNT_READ_ONLY while files of it are open for writing. */
uint32_t mount_flags(const struct mount *mount);
enum status mount_set_flags(struct mount *mount, uint32_t flags);

/* Whether anything may be changed there. Errors: STATUS_READ_ONLY. */
enum status mount_check_change(const struct mount *mount);

/* The same for as long as a file is open for writing. */
enum status mount_begin_writing(struct mount *mount);
void mount_end_writing(struct mount *mount);

/* Whether it is one that no path leads to. */
bool mount_is_hidden(const struct mount *mount);

/* A number that no other mount has, for /proc/PID/mountinfo. */
uint32_t mount_number(const struct mount *mount);

/* The root of a mount, not owned. */
struct location mount_root(struct mount *mount);

/* Where the mount's root is to be found in the mount below it, not owned; null for the root mount.
 */
struct location mount_covered(const struct mount *mount);

/* Goes up through every mount that covers the place: `location` is owned, before and after. */
void mount_cross(struct location *location);

/* Visits every mount, the root first, for /proc/mounts; nothing may be mounted meanwhile. */
void mount_for_each(void (*visit)(void *context, struct mount *mount), void *context);

END_C_DECLS
