#include "mm/paging/walk.h"

#include "mm/paging/page_table.h"
#include "mm/paging/pte.h"
#include "mm/paging/pte_words.h"

static pte_t read_step(struct page_walk_step *step, virt_addr_t va) {
    const pte_t *entries = platform_phys_to_virt(step->table);
    step->index = (uint16_t)level_index(va, step->level);
    pte_t pte = pte_load(&entries[step->index]);
    step->raw = pte.raw;
    step->reserved_bits = pte_reserved_bits(pte, step->level);
    step->rights = pte_rights(pte);
    pte_words(pte, step->level, step->words, sizeof(step->words));
    return pte;
}

void page_table_walk(const struct page_table *table, virt_addr_t va, struct page_walk *walk) {
    walk->step_count = 0;
    if (!virt_is_canonical(va, table->levels)) {
        return;
    }
    phys_addr_t next = table->root;
    for (unsigned level = table->levels - 1u;; level--) {
        struct page_walk_step *step = &walk->steps[walk->step_count++];
        step->level = (uint8_t)level;
        step->table = next;
        pte_t pte = read_step(step, va);
        if (!walk_leads_on(table, pte, level)) {
            return;
        }
        next = pte_table_address(pte);
    }
}

static struct page_walk_stop stop_at(const struct page_walk_step *step, uint64_t bit,
                                     const char *name) {
    struct page_walk_stop stop = {
        .is_stopped = true,
        .is_set = (step->raw & bit) != 0,
        .level = step->level,
        .bit = (uint8_t)__builtin_ctzll(bit),
        .name = name,
    };
    return stop;
}

/* The uppermost entry that denies the right, by which bit. */
static struct page_walk_stop find_denial(const struct page_walk *walk, unsigned right, uint64_t bit,
                                         const char *name) {
    for (unsigned i = 0; i < walk->step_count; i++) {
        if ((walk->steps[i].rights & right) != right) {
            return stop_at(&walk->steps[i], bit, name);
        }
    }
    return (struct page_walk_stop){};
}

static struct page_walk_stop find_any_denial(const struct page_walk *walk, uint8_t wanted) {
    struct page_walk_stop stop = find_denial(walk, wanted & RIGHT_USER, PTE_USER, "U/S");
    if (!stop.is_stopped) {
        stop = find_denial(walk, wanted & RIGHT_WRITE, PTE_WRITABLE, "R/W");
    }
    if (!stop.is_stopped) {
        stop = find_denial(walk, wanted & RIGHT_EXECUTE, PTE_EXECUTE_DISABLE, "XD");
    }
    return stop;
}

struct page_walk_stop page_walk_find_stop(const struct page_walk *walk, uint8_t wanted,
                                          uint8_t forbidden) {
    if (walk->step_count == 0) {
        return (struct page_walk_stop){};
    }
    const struct page_walk_step *last = &walk->steps[walk->step_count - 1];
    if (last->rights == RIGHT_NONE) {
        return stop_at(last, PTE_PRESENT, "P");
    }
    if (last->reserved_bits != 0) {
        return stop_at(last, last->reserved_bits, "reserved");
    }
    struct page_walk_stop stop = find_any_denial(walk, wanted);
    /* A page is the users' where every level says so. */
    bool is_forbidden = !stop.is_stopped && (forbidden & RIGHT_USER) != 0 &&
                        !find_any_denial(walk, RIGHT_USER).is_stopped;
    return is_forbidden ? stop_at(last, PTE_USER, "U/S") : stop;
}
