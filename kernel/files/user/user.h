#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/* How much of what is limited for each user one of them has. */

BEGIN_C_DECLS

struct file_user; /* made and freed only here */

enum user_count : uint8_t {
    USER_PIPE_PAGES,      /* of man 7 pipe, /proc/sys/fs/pipe-user-pages-soft */
    USER_INOTIFY_FILES,   /* of man 7 inotify, max_user_instances */
    USER_INOTIFY_WATCHES, /* of the same, max_user_watches */
    USER_COUNT_KINDS,
};

/* Whoever has this number, for one thing more that counts, until it leaves. Errors:
 * STATUS_NO_MEMORY. */
enum status file_user_enter(uint32_t number, struct file_user **user);

/* All that was added has been taken back by the last that leaves. */
void file_user_leave(struct file_user *user);

/* So much more, or less. Returns how much the user has now. */
int64_t file_user_add(struct file_user *user, enum user_count kind, int64_t change);

bool file_user_is_root(const struct file_user *user);

END_C_DECLS
