#include "mm/paging/page_table.h"

/* G4: what was paid is not owed any more. */
void pay(struct page_table *table) {
    struct tlb_gather gather;
    tlb_gather_begin(&gather, table);
    tlb_gather_finish(&gather);
#ifdef MISTAKE
    tlb_gather_finish(&gather);
#endif
}
