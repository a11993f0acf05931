#include "mm/audit/walk.h"

#include "mm/frame/frame.h"
#include "mm/platform.h"

/* A table on the way down. */
struct walk_step {
    phys_addr_t table;
    unsigned level;
    virt_addr_t va;
    uint8_t rights;
    unsigned first; /* of the entries to visit */
    unsigned end;
};

bool walk_can_enter(phys_addr_t pa) {
    return frame_exists(pa) && frame_of(pa)->state == FRAME_TABLE;
}

static unsigned count_entries(const pte_t *entries) {
    unsigned count = 0;
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        count += pte_load(&entries[i]).raw != 0;
    }
    return count;
}

static void walk_table(const struct walk_visitor *visitor, const struct walk_step *step);

static void enter_table(const struct walk_visitor *visitor, const struct walk_entry *entry) {
    struct walk_step below = {
        .table = pte_table_address(entry->pte),
        .level = entry->level - 1,
        .va = entry->va,
        .rights = entry->rights,
        .first = 0,
        .end = TABLE_ENTRIES,
    };
    if (walk_can_enter(below.table) &&
        (visitor->enters == nullptr || visitor->enters(visitor->context, frame_of(below.table)))) {
        walk_table(visitor, &below);
    }
}

static void walk_table(const struct walk_visitor *visitor, const struct walk_step *step) {
    const pte_t *entries = platform_phys_to_virt(step->table);
    for (unsigned i = step->first; i < step->end; i++) {
        pte_t pte = pte_load(&entries[i]);
        struct walk_entry entry = {.kind = pte_kind(pte, step->level)};
        if (entry.kind == PTE_ABSENT) {
            continue;
        }
        entry.va = virt_add(step->va, i * level_size(step->level));
        entry.level = step->level;
        entry.pte = pte;
        entry.rights = step->rights & pte_rights(pte);
        visitor->entry(visitor->context, &entry);
        if (entry.kind == PTE_TABLE) {
            enter_table(visitor, &entry);
        }
    }
    if (visitor->table != nullptr) {
        visitor->table(visitor->context, step->table, step->level, count_entries(entries));
    }
}

void walk_half(const struct page_table *table, const struct walk_visitor *visitor) {
    bool is_kernel = table->half == HALF_KERNEL;
    unsigned level = table->levels - 1u;
    uint64_t whole_size = level_size(level) * TABLE_ENTRIES;
    struct walk_step root = {
        .table = table->root,
        .level = level,
        .va = virt_addr(is_kernel ? -whole_size : 0), /* its upper half is the canonical one */
        .rights = deniable_rights(UINT8_MAX),
        .first = is_kernel ? TABLE_ENTRIES / 2 : 0,
        .end = is_kernel ? TABLE_ENTRIES : TABLE_ENTRIES / 2,
    };
    walk_table(visitor, &root);
}
