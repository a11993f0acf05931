#pragma once

#include <stdint.h>

#include "kernel/files/file/file.h"
#include "lib/decls.h"
#include "lib/status.h"

/*
 * Files that the events of watched nodes are read from (man 7 inotify): as struct inotify_event,
 * each with the terminated name in steps of 16 bytes. An event that is the same as the last one
 * that waits to be read is left out.
 */

BEGIN_C_DECLS

/* Flags of man 2 inotify_add_watch besides the events that are wanted. */
constexpr uint32_t WATCH_ONLY_DIRECTORY = 0x100'0000;
constexpr uint32_t WATCH_NO_FOLLOW = 0x200'0000;
constexpr uint32_t WATCH_NOT_UNLINKED = 0x400'0000; /* IN_EXCL_UNLINK */
constexpr uint32_t WATCH_CREATE = 0x1000'0000;      /* IN_MASK_CREATE */
constexpr uint32_t WATCH_ADD = 0x2000'0000;         /* IN_MASK_ADD */
constexpr uint32_t WATCH_ONCE = 0x8000'0000;        /* IN_ONESHOT */

/* What can be set in /proc/sys/fs/inotify; atomic. */
struct inotify_limits {
    uint32_t events;    /* that one file holds; read when it is opened */
    uint32_t instances; /* such files of one user */
    uint32_t watches;   /* of one user */
};

extern struct inotify_limits inotify_limits;

/* Errors: STATUS_TOO_MANY_FILES, the user has too many; STATUS_NO_MEMORY. */
enum status inotify_open(uint32_t user, uint32_t flags, struct file **file);

bool file_is_inotify(const struct file *file);

/* How many bytes can be read, for FIONREAD. */
uint64_t inotify_size(const struct file *file);

/*
 * Watches the node for the events of `mask` and as its flags say; one that is watched already keeps
 * its number, and what was wanted goes unless WATCH_ADD is there. Errors: STATUS_EXISTS, the same
 * under WATCH_CREATE; STATUS_NO_SPACE, the user has too many; STATUS_NO_MEMORY.
 */
enum status inotify_watch(struct file *file, struct node *node, uint32_t mask, int32_t *number);

/* Errors: STATUS_INVALID, there is none of the number. */
enum status inotify_end_watch(struct file *file, int32_t number);

END_C_DECLS
