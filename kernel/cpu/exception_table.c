#include "kernel/cpu/exception_table.h"

uint64_t exception_table_find(const struct exception_entry *table, size_t count, uint64_t rip) {
    /* A handful of entries, and only after a fault: no order is worth keeping. */
    for (size_t i = 0; i < count; i++) {
        if (table[i].instruction == rip) {
            return table[i].recovery;
        }
    }
    return 0;
}
