#include "mm/paging/pte.h"

/* P1: an entry is made by pte.h alone. */
void map(pte_t *slot, phys_addr_t table) {
#ifdef MISTAKE
    pte_publish(slot, table.value | 7);
#else
    pte_publish(slot, pte_table(table, true));
#endif
}
