#include "mm/paging/page_table.h"

/* G4: also on the way out after an error. */
enum status protect(struct page_table *table, struct virt_range range,
                    struct page_attributes attributes) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    enum status status = page_table_protect(table, range, attributes, &gather);
#ifdef MISTAKE
    if (status != STATUS_OK) {
        return status;
    }
#endif
    tlb_gather_finish(&gather);
    return status;
}
