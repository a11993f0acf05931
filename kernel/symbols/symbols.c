#include "kernel/symbols/symbols.h"

const char *symbol_find(const struct symbol_table *table, uint64_t address, uint64_t *offset) {
    size_t low = 0;
    size_t high = table->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->base + table->symbols[middle].address_offset <= address) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    if (low == 0 || address >= table->end) {
        return nullptr;
    }
    const struct symbol *symbol = &table->symbols[low - 1];
    *offset = address - table->base - symbol->address_offset;
    return table->names + symbol->name_offset;
}
