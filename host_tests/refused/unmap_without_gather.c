#include "mm/paging/page_table.h"

/* G1, S44. */
enum status forget(struct page_table *table, struct virt_range range) {
    struct tlb_gather gather;
#ifdef MISTAKE
    return page_table_unmap(table, range, &gather, NULL);
#else
    tlb_gather_begin(&gather, table);
    enum status status = page_table_unmap(table, range, &gather, NULL);
    tlb_gather_finish(&gather);
    return status;
#endif
}
