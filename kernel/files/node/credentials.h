#pragma once

#include <stddef.h>
#include <stdint.h>

#include "lib/decls.h"

/* On whose behalf files are used (man 7 credentials): the file-system ids of a process. */

BEGIN_C_DECLS

constexpr uint32_t ID_UNCHANGED = UINT32_MAX; /* man 2 chown: leave this one */

struct credentials {
    uint32_t user, group;
    const uint32_t *groups; /* supplementary ones; outlives the call */
    size_t group_count;
};

/* Whether it is root, who has CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_CHOWN, CAP_FSETID and CAP_MKNOD. */
static inline bool credentials_are_root(const struct credentials *credentials) {
    return credentials->user == 0;
}

bool credentials_have_group(const struct credentials *credentials, uint32_t group);

END_C_DECLS
