#include "mm/audit/audit_private.h"
#include "mm/audit/walk.h"
#include "mm/space/kernel_space.h"

/*
 * Kernel text is a few runs of physical memory, so they are collected first, and every writable
 * leaf is compared with those few: linear in the number of leaves.
 */

constexpr unsigned RUN_MAX = 32;

struct executable_run {
    uint64_t start; /* physical */
    uint64_t end;
    virt_addr_t va;
};

struct alias_search {
    struct audit *audit;
    struct executable_run runs[RUN_MAX];
    unsigned run_count;
    uint64_t lost_count; /* executable leaves that found no room */
};

static void add_executable(struct alias_search *search, uint64_t start, const uint64_t size,
                           virt_addr_t va) {
    for (unsigned i = 0; i < search->run_count; i++) {
        struct executable_run *run = &search->runs[i];
        if (run->end == start) {
            run->end += size;
            return;
        }
    }
    if (search->run_count == RUN_MAX) {
        search->lost_count++;
        return;
    }
    search->runs[search->run_count++] = (struct executable_run){start, start + size, va};
}

static void collect_executable(void *context, const struct walk_entry *entry) {
    if (entry->kind == PTE_LEAF && (entry->rights & RIGHT_EXECUTE) != 0) {
        uint64_t pa = pte_page(entry->pte, entry->level).value;
        add_executable(context, pa, level_size(entry->level), entry->va);
    }
}

static void check_writable(void *context, const struct walk_entry *entry) {
    struct alias_search *search = context;
    if (entry->kind != PTE_LEAF || (entry->rights & RIGHT_WRITE) == 0) {
        return;
    }
    uint64_t start = pte_page(entry->pte, entry->level).value;
    uint64_t end = start + level_size(entry->level);
    for (unsigned i = 0; i < search->run_count; i++) {
        const struct executable_run *run = &search->runs[i];
        if (run->start < end && start < run->end) {
            findings_add(&search->audit->findings, "K3",
                         "0x%llx is writable at 0x%llx, and executable from 0x%llx on",
                         (unsigned long long)(start > run->start ? start : run->start),
                         (unsigned long long)entry->va.value, (unsigned long long)run->va.value);
        }
    }
}

void audit_aliases(struct audit *audit) {
    struct alias_search search = {.audit = audit};
    const struct page_table *table = space_page_table(kernel_space());
    struct walk_visitor visitor = {.context = &search, .entry = collect_executable};
    walk_half(table, &visitor);
    if (search.lost_count != 0) {
        findings_add(&audit->findings, "K3",
                     "executable memory is in more than %u pieces; %llu leaves are not compared",
                     RUN_MAX, (unsigned long long)search.lost_count);
    }
    visitor.entry = check_writable;
    walk_half(table, &visitor);
}
