#include "host_tests/paging/pte_calls.h"

struct pte_functions pte_functions(void) {
#define FILL(name) .name = name,
    return (struct pte_functions){PTE_FUNCTIONS(FILL)};
#undef FILL
}
