#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/* Whose an object of System V IPC is, and what others may do with it (man 7 svipc). */

BEGIN_C_DECLS

/* On whose behalf a call is made. */
struct ipc_caller {
    uint32_t user, group; /* effective */
    const uint32_t *groups;
    uint32_t group_count;
    uint32_t process;    /* its number */
    int64_t now_seconds; /* since 1970 */
};

constexpr uint32_t IPC_PRIVATE = 0;
constexpr uint32_t IPC_CREATE = 01000;
constexpr uint32_t IPC_EXCLUSIVE = 02000;
constexpr uint32_t IPC_NO_WAIT = 04000;

constexpr uint32_t IPC_MAY_READ = 4;
constexpr uint32_t IPC_MAY_CHANGE = 2;

/* struct ipc64_perm of Linux's <linux/ipc.h>. */
struct ipc_rights {
    uint32_t key;
    uint32_t user, group, creator, creator_group;
    uint32_t mode;
    uint16_t sequence, padding;
    uint32_t padding_2;
    uint64_t reserved[2];
};

static_assert(sizeof(struct ipc_rights) == 48);

struct ipc_rights ipc_rights_of(const struct ipc_caller *caller, uint32_t key, uint32_t flags);

/* Whether the caller has all of `wanted`, of IPC_MAY_READ and IPC_MAY_CHANGE. */
bool ipc_may(const struct ipc_caller *caller, const struct ipc_rights *rights, uint32_t wanted);

/* Whether it is the caller's to remove, or to give away. */
bool ipc_is_owner(const struct ipc_caller *caller, const struct ipc_rights *rights);

/* IPC_SET: user, group and permissions become those of `next`. Errors: STATUS_INVALID, nobody has
 * such ids. */
enum status ipc_give(struct ipc_rights *rights, const struct ipc_rights *next);

END_C_DECLS
