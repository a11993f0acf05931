#include "mm/space/zero_page.h"

#include "mm/frame/frame.h"

static phys_addr_t page; /* fixed by zero_page_build */

enum status zero_page_build(void) {
    return frame_alloc_zeroed(FRAME_KERNEL, ZONE_NORMAL, &page);
}

phys_addr_t zero_page(void) {
    return page;
}
