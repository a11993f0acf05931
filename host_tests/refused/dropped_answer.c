#include "mm/addr/addr.h"

/* A2: what the world says is a range only if it is one. */
struct virt_range range_of(virt_addr_t start, uint64_t page_count) {
    struct virt_range range = {};
#ifdef MISTAKE
    virt_range_checked(start, page_count, 4, &range);
#else
    if (!virt_range_checked(start, page_count, 4, &range)) {
        range.page_count = 0;
    }
#endif
    return range;
}
