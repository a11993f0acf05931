#include "mm/paging/page_table.h"

/* G4, S44. */
enum status forget(struct page_table *table, struct virt_range range) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_unmap(table, range, &gather, NULL);
#ifndef MISTAKE
    tlb_gather_finish(&gather);
#endif
    return status;
}
