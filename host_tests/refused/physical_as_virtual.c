#include "mm/addr/addr.h"

/* A1, S42. */
unsigned index_of(phys_addr_t pa, virt_addr_t va) {
#ifdef MISTAKE
    (void)va;
    return level_index(pa, 0);
#else
    (void)pa;
    return level_index(va, 0);
#endif
}
