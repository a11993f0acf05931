#include "mm/space/address_space.h"

/* L1: a locked range exists only between lock and unlock, after an error too. */
enum status grow(struct address_space *space, struct virt_range range) {
    struct locked_range token;
    space_lock_for_writing(space, range, &token);
    const struct space_mapping mapping = {.rights = RIGHT_READ, .name = "memory"};
    enum status status = space_map(&token, range, &mapping);
#ifdef MISTAKE
    if (status != STATUS_OK) {
        return status;
    }
#endif
    space_unlock(&token);
    return status;
}
