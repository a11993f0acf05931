#include "kernel/fault/gather.h"

#include "mm/space/space_usage.h"

constexpr size_t CHANGES_READ_MAX = FAULT_CHANGES_MAX + 1;

static void gather_tables(const struct address_space *space, struct fault_facts *facts) {
    const struct page_table *table = space_page_table(space);
    facts->query = page_table_query(table, facts->address);
    page_table_walk(table, facts->address, &facts->walk);
}

static void add_change(struct fault_facts *facts, const struct table_change *change,
                       const struct symbol_table *symbols) {
    struct fault_change *entry = &facts->changes[facts->change_count++];
    entry->change = *change;
    entry->function = symbol_find(symbols, change->caller, &entry->offset);
}

/* That the kernel's own table was made at boot explains nothing. */
static bool is_worth_telling(const struct table_change *change) {
    return change->operation != TABLE_CREATE || !change->is_kernel_half;
}

static void gather_history(const struct address_space *space, const struct fault_sources *sources,
                           struct fault_facts *facts) {
    struct table_change changes[CHANGES_READ_MAX];
    size_t count = history_find(sources->changes, space_page_table(space)->root, facts->address,
                                changes, CHANGES_READ_MAX);
    facts->change_count = 0;
    for (size_t i = 0; i < count && facts->change_count < FAULT_CHANGES_MAX; i++) {
        if (is_worth_telling(&changes[i])) {
            add_change(facts, &changes[i], sources->symbols);
        }
    }
}

void fault_gather(struct address_space *space, const struct fault_sources *sources,
                  struct fault_facts *facts) {
    gather_tables(space, facts);
    gather_history(space, sources, facts);
    facts->has_area = space_find_area(space, facts->address, &facts->area);
    facts->has_area_below = space_find_area_below(space, facts->address, &facts->area_below);
    facts->has_area_above = space_find_area_above(space, facts->address, &facts->area_above);
    facts->stack_limit_bytes = space_stack_limit_bytes(space);
}

void fault_gather_unlocked(const struct address_space *space, const struct fault_sources *sources,
                           struct fault_facts *facts) {
    gather_tables(space, facts);
    gather_history(space, sources, facts);
    facts->has_area = space_find_area_unlocked(space, facts->address, &facts->area);
    facts->has_area_below = false;
    facts->has_area_above = false;
    facts->stack_limit_bytes = 0;
}
