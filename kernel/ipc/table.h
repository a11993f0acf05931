#pragma once

#include <stdint.h>

#include "kernel/ipc/rights.h"
#include "lib/decls.h"
#include "lib/status.h"

/* Objects of System V IPC by id and by key (man 7 sysvipc). Pure: whoever has a table guards it. */

BEGIN_C_DECLS

enum ipc_command : uint32_t { IPC_REMOVE = 0, IPC_SET = 1, IPC_STAT = 2, IPC_INFO = 3 };

struct ipc_object {
    struct ipc_rights rights;
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
struct ipc_object *ipc_find_key(const struct ipc_table *table, uint32_t key);

/* By its place in the table, as SHM_STAT and its like have it. */
struct ipc_object *ipc_find_slot(const struct ipc_table *table, uint32_t slot);

/* Gives the object an id, its key and its caller as owner. Errors: STATUS_NO_SPACE. */
enum status ipc_add(struct ipc_table *table, struct ipc_object *object, uint32_t key, uint32_t mode,
                    const struct ipc_caller *caller);
void ipc_remove(struct ipc_table *table, struct ipc_object *object);

/* What a get call finds: `*object` is null where it must make one. Errors: STATUS_EXISTS;
 * STATUS_NOT_FOUND; STATUS_ACCESS_DENIED. */
enum status ipc_get(const struct ipc_table *table, uint32_t key, uint32_t flags,
                    const struct ipc_caller *caller, struct ipc_object **object);

/* Whether the caller may have what the bits of `wanted` (of 0777) ask for: STATUS_ACCESS_DENIED. */
enum status ipc_check(const struct ipc_object *object, uint32_t wanted,
                      const struct ipc_caller *caller);

/* Whether the caller may remove or change it: STATUS_NOT_PERMITTED. */
enum status ipc_check_owner(const struct ipc_object *object, const struct ipc_caller *caller);

END_C_DECLS
