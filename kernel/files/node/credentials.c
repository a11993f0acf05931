#include "kernel/files/node/credentials.h"

bool credentials_have_group(const struct credentials *credentials, uint32_t group) {
    bool has_it = credentials->group == group;
    for (size_t i = 0; i < credentials->group_count && !has_it; i++) {
        has_it = credentials->groups[i] == group;
    }
    return has_it;
}
