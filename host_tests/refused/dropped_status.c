#include "mm/frame/frame.h"

/* S24: running out of memory cannot go unnoticed. */
enum status take_frame(phys_addr_t *pa) {
#ifdef MISTAKE
    frame_alloc(FRAME_ANON, ZONE_NORMAL, pa);
    return STATUS_OK;
#else
    return frame_alloc(FRAME_ANON, ZONE_NORMAL, pa);
#endif
}
