#include "kernel/ipc/rights.h"

constexpr uint32_t PERMISSIONS = 0777;

struct ipc_rights ipc_rights_of(const struct ipc_caller *caller, uint32_t key, uint32_t flags) {
    return (struct ipc_rights){
        .key = key,
        .user = caller->user,
        .group = caller->group,
        .creator = caller->user,
        .creator_group = caller->group,
        .mode = flags & PERMISSIONS,
    };
}

static bool is_in_group(const struct ipc_caller *caller, uint32_t group) {
    bool is_in = caller->group == group;
    for (uint32_t i = 0; i < caller->group_count; i++) {
        is_in = is_in || caller->groups[i] == group;
    }
    return is_in;
}

bool ipc_may(const struct ipc_caller *caller, const struct ipc_rights *rights, uint32_t wanted) {
    uint32_t granted = rights->mode;
    if (ipc_is_owner(caller, rights)) {
        granted >>= 6;
    } else if (is_in_group(caller, rights->group) || is_in_group(caller, rights->creator_group)) {
        granted >>= 3;
    }
    return caller->user == 0 || (wanted & ~granted) == 0;
}

bool ipc_is_owner(const struct ipc_caller *caller, const struct ipc_rights *rights) {
    return caller->user == 0 || caller->user == rights->user || caller->user == rights->creator;
}

enum status ipc_give(struct ipc_rights *rights, const struct ipc_rights *next) {
    constexpr uint32_t nobody = UINT32_MAX;
    if (next->user == nobody || next->group == nobody) {
        return STATUS_INVALID;
    }
    rights->user = next->user;
    rights->group = next->group;
    rights->mode = (rights->mode & ~PERMISSIONS) | (next->mode & PERMISSIONS);
    return STATUS_OK;
}
