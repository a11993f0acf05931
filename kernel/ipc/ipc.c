#include "kernel/ipc/ipc.h"

constexpr uint32_t MODE_MASK = 0777;
constexpr int32_t SEQUENCE_FACTOR = 32'768;
constexpr uint16_t SEQUENCE_MAX = INT32_MAX / SEQUENCE_FACTOR;

struct ipc_object *ipc_find_slot(const struct ipc_table *table, uint32_t slot) {
    return slot < IPC_SLOT_COUNT ? table->slots[slot] : nullptr;
}

struct ipc_object *ipc_find(const struct ipc_table *table, int32_t id) {
    struct ipc_object *object =
        id < 0 ? nullptr : ipc_find_slot(table, (uint32_t)id % SEQUENCE_FACTOR);
    return object && object->id == id ? object : nullptr;
}

struct ipc_object *ipc_find_key(const struct ipc_table *table, int32_t key) {
    for (uint32_t i = 0; i <= table->highest; i++) {
        if (table->slots[i] && table->slots[i]->permissions.key == key) {
            return table->slots[i];
        }
    }
    return nullptr;
}

static uint32_t find_free(const struct ipc_table *table) {
    uint32_t slot = 0;
    while (slot < IPC_SLOT_COUNT && table->slots[slot]) {
        slot++;
    }
    return slot;
}

enum status ipc_add(struct ipc_table *table, struct ipc_object *object, int32_t key, uint32_t mode,
                    const struct ipc_caller *caller) {
    uint32_t slot = find_free(table);
    if (slot == IPC_SLOT_COUNT) {
        return STATUS_NO_SPACE;
    }
    object->permissions = (struct ipc_permissions){
        .key = key,
        .user = caller->user,
        .group = caller->group,
        .creator_user = caller->user,
        .creator_group = caller->group,
        .mode = mode & MODE_MASK,
        .sequence = table->sequence,
    };
    object->id = table->sequence * SEQUENCE_FACTOR + (int32_t)slot;
    table->sequence = table->sequence < SEQUENCE_MAX ? table->sequence + 1 : 0;
    table->slots[slot] = object;
    table->count++;
    table->highest = slot > table->highest ? slot : table->highest;
    return STATUS_OK;
}

void ipc_remove(struct ipc_table *table, struct ipc_object *object) {
    table->slots[(uint32_t)object->id % SEQUENCE_FACTOR] = nullptr;
    table->count--;
}

enum status ipc_get(const struct ipc_table *table, int32_t key, uint32_t flags,
                    const struct ipc_caller *caller, struct ipc_object **object) {
    *object = key == IPC_PRIVATE ? nullptr : ipc_find_key(table, key);
    if (!*object) {
        return key == IPC_PRIVATE || (flags & IPC_CREATE) ? STATUS_OK : STATUS_NOT_FOUND;
    }
    if ((flags & IPC_CREATE) && (flags & IPC_EXCLUSIVE)) {
        return STATUS_EXISTS;
    }
    return ipc_check(*object, flags & MODE_MASK, caller);
}

static bool is_in_group(uint32_t group, const struct ipc_caller *caller) {
    bool is_in = group == caller->group;
    for (uint32_t i = 0; i < caller->group_count && !is_in; i++) {
        is_in = group == caller->groups[i];
    }
    return is_in;
}

enum status ipc_check(const struct ipc_object *object, uint32_t wanted,
                      const struct ipc_caller *caller) {
    const struct ipc_permissions *own = &object->permissions;
    uint32_t asked = (wanted >> 6 | wanted >> 3 | wanted) & 7;
    uint32_t granted = own->mode;
    if (caller->user == own->creator_user || caller->user == own->user) {
        granted >>= 6;
    } else if (is_in_group(own->creator_group, caller) || is_in_group(own->group, caller)) {
        granted >>= 3;
    }
    return caller->user == 0 || !(asked & ~granted & 7) ? STATUS_OK : STATUS_ACCESS_DENIED;
}

enum status ipc_check_owner(const struct ipc_object *object, const struct ipc_caller *caller) {
    const struct ipc_permissions *own = &object->permissions;
    bool is_owner =
        caller->user == 0 || caller->user == own->user || caller->user == own->creator_user;
    return is_owner ? STATUS_OK : STATUS_NOT_PERMITTED;
}
