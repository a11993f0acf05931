#include "mm/frame/zone.h"

/* F4. */
bool take_page(struct zone *zone, uint64_t *page) {
#ifdef MISTAKE
    return zone_take(zone, 0, FRAME_KERNEL, page);
#else
    zone_lock(zone);
    bool is_taken = zone_take(zone, 0, FRAME_KERNEL, page);
    zone_unlock(zone);
    return is_taken;
#endif
}
