#pragma once

#include <stdint.h>

#include "lib/status.h"

/* How much the pipes of one user can hold together (man 7 pipe, /proc/sys/fs/pipe-user-pages-soft).
 */
struct pipe_user;

constexpr int64_t PIPE_USER_PAGES_SOFT = 16'384;

/* Whoever has this number, with one pipe more, until it leaves. Errors: STATUS_NO_MEMORY. */
enum status pipe_user_enter(uint32_t number, struct pipe_user **user);
void pipe_user_leave(struct pipe_user *user);

/* So many slots more, or less. Returns whether the user has no more than the limit now. */
bool pipe_user_add(struct pipe_user *user, int64_t slot_count);

/* Whether the limit is not for this one: root. */
bool pipe_user_is_root(const struct pipe_user *user);
