#pragma once

#include "lib/capability.h"
#include "lib/decls.h"
#include "mm/addr/addr.h"

BEGIN_C_DECLS

struct address_space;

/* Proof that `range` of `space` is locked; exists only between lock and unlock (L1). */
struct CAPABILITY("space") locked_range {
    struct address_space *space;
    struct virt_range range;
    bool is_for_writing;
};

/* Locks may sleep; never with pre-emption off or from an interrupt. */
void space_lock_for_writing(struct address_space *space, struct virt_range range,
                            struct locked_range *token) ACQUIRES(token);
void space_lock_for_reading(struct address_space *space, struct virt_range range,
                            struct locked_range *token) ACQUIRES(token);
void space_unlock(struct locked_range *token) RELEASES(token);

END_C_DECLS
