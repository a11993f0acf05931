#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/status.h"

/* What the three kinds of System V IPC have in common: keys, ids, owners and permissions (man 7
 * sysvipc). Pure: whoever has a table guards it. */

BEGIN_C_DECLS

constexpr int32_t IPC_PRIVATE = 0;
constexpr uint32_t IPC_CREATE = 01000;
constexpr uint32_t IPC_EXCLUSIVE = 02000;
constexpr uint32_t IPC_NO_WAIT = 04000;

enum ipc_command : uint32_t { IPC_REMOVE = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3 };

/* On whose behalf; root may do everything. */
struct ipc_caller {
    uint32_t user, group;
    const uint32_t *groups;
    uint32_t group_count;
};

/* struct ipc64_perm of x86-64 Linux, in this order in every IPC_STAT. */
struct ipc_permissions {
    int32_t key;
    uint32_t user, group;
    uint32_t creator_user, creator_group;
    uint32_t mode;
    uint16_t sequence;
    uint16_t padding;
    uint32_t padding_2;
    uint64_t unused[2];
};

static_assert(sizeof(struct ipc_permissions) == 48);

struct ipc_object {
    struct ipc_permissions permissions;
    int32_t id;
};

constexpr uint32_t IPC_SLOT_COUNT = 4096; /* of each kind (SHMMNI; Linux has 32000 of the others) */

struct ipc_table {
    struct ipc_object *slots[IPC_SLOT_COUNT];
    uint32_t count;
    uint32_t highest; /* slot that was ever used */
    uint16_t sequence;
};

/* Null where there is none. */
struct ipc_object *ipc_find(const struct ipc_table *table, int32_t id);
struct ipc_object *ipc_find_key(const struct ipc_table *table, int32_t key);

/* By its place in the table, as SHM_STAT and its like have it. */
struct ipc_object *ipc_find_slot(const struct ipc_table *table, uint32_t slot);

/* Gives the object an id, its key and its caller as owner. Errors: STATUS_NO_SPACE. */
enum status ipc_add(struct ipc_table *table, struct ipc_object *object, int32_t key, uint32_t mode,
                    const struct ipc_caller *caller);
void ipc_remove(struct ipc_table *table, struct ipc_object *object);

/* What a get call finds: `*object` is null where it must make one. Errors: STATUS_EXISTS;
 * STATUS_NOT_FOUND; STATUS_ACCESS_DENIED. */
enum status ipc_get(const struct ipc_table *table, int32_t key, uint32_t flags,
                    const struct ipc_caller *caller, struct ipc_object **object);

/* Whether the caller may have what the bits of `wanted` (of 0777) ask for: STATUS_ACCESS_DENIED. */
enum status ipc_check(const struct ipc_object *object, uint32_t wanted,
                      const struct ipc_caller *caller);

/* Whether the caller may remove or change it: STATUS_NOT_PERMITTED. */
enum status ipc_check_owner(const struct ipc_object *object, const struct ipc_caller *caller);

END_C_DECLS
