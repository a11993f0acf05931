#include "mm/addr/addr.h"

/* A1. */
phys_addr_t next_byte(phys_addr_t pa) {
#ifdef MISTAKE
    return pa + 1;
#else
    return phys_add(pa, 1);
#endif
}
