#include "mm/paging/shared_table.h"

#include "mm/paging/pte.h"
#include "mm/platform.h"

void shared_page_put(struct frame *frame) {
    bool is_objects = frame->state == FRAME_FILE;
    if (__atomic_fetch_sub(&frame->map_count, 1, __ATOMIC_ACQ_REL) == 1 && !is_objects) {
        frame_free(frame_address(frame));
    }
}

/* Everybody who referred to the table has flushed, so nothing is owed for what it maps. */
static void put_pages(const pte_t *entries) {
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        pte_t entry = pte_load(&entries[i]);
        if (pte_is_owned(entry)) {
            shared_page_put(frame_of(pte_page(entry, 0)));
        }
    }
}

void shared_table_put(struct frame *table) {
    if (__atomic_fetch_sub(&table->table.share_count, 1, __ATOMIC_ACQ_REL) == 1) {
        phys_addr_t pa = frame_address(table);
        put_pages((const pte_t *)platform_phys_to_virt(pa));
        frame_free(pa);
    }
}
