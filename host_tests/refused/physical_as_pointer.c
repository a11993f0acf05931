#include "mm/addr/addr.h"

/* A1, S42. */
void *pointer_to(phys_addr_t pa, virt_addr_t va) {
#ifdef MISTAKE
    (void)va;
    return (void *)pa;
#else
    (void)pa;
    return (void *)va.value;
#endif
}
