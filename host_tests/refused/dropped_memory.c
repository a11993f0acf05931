#include "mm/heap/heap.h"

void *take_memory(void) {
#ifdef MISTAKE
    heap_alloc(64);
    return NULL;
#else
    return heap_alloc(64);
#endif
}
