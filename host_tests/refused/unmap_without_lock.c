#include "mm/space/address_space.h"

/* L1, S96. */
enum status forget(struct address_space *space, struct virt_range range) {
    struct locked_range token;
#ifdef MISTAKE
    (void)space;
    return space_unmap(&token, range);
#else
    space_lock_for_writing(space, range, &token);
    enum status status = space_unmap(&token, range);
    space_unlock(&token);
    return status;
#endif
}
