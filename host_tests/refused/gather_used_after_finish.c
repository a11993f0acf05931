#include "mm/paging/page_table.h"

/* G1: a change that is made after the flush owes another one. */
enum status unmap(struct page_table *table, struct virt_range range) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
#ifdef MISTAKE
    tlb_gather_finish(&gather);
    return page_table_unmap(table, range, &gather, NULL);
#else
    enum status status = page_table_unmap(table, range, &gather, NULL);
    tlb_gather_finish(&gather);
    return status;
#endif
}
