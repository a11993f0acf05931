#include "mm/audit/audit_private.h"
#include "mm/paging/page_table.h"
#include "mm/space/kernel_space.h"

constexpr unsigned FORBIDDEN_MAX = 32;
constexpr unsigned LIVE_MAX = 64;

struct named_range {
    uint64_t start;
    uint64_t size_bytes;
    const char *name;
};

/* Set by the kernel at boot, before anything else runs. */
static struct named_range forbidden[FORBIDDEN_MAX];
static unsigned forbidden_count;
static struct named_range live[LIVE_MAX];
static unsigned live_count;

enum status audit_forbid_range(phys_addr_t start, uint64_t size_bytes, const char *name) {
    if (forbidden_count == FORBIDDEN_MAX) {
        return STATUS_NO_MEMORY;
    }
    forbidden[forbidden_count++] = (struct named_range){start.value, size_bytes, name};
    return STATUS_OK;
}

enum status audit_add_live(virt_addr_t start, uint64_t size_bytes, const char *name) {
    if (live_count == LIVE_MAX) {
        return STATUS_NO_MEMORY;
    }
    live[live_count++] = (struct named_range){start.value, size_bytes, name};
    return STATUS_OK;
}

void audit_forget(void) {
    forbidden_count = 0;
    live_count = 0;
}

const char *audit_forbidden_name(phys_addr_t pa) {
    for (unsigned i = 0; i < forbidden_count; i++) {
        /* In whole pages, as tables and stacks are: what shares a page with it counts. */
        uint64_t start = align_down(forbidden[i].start, PAGE_SIZE);
        uint64_t end = forbidden[i].start + forbidden[i].size_bytes;
        if (pa.value >= start && pa.value < end) {
            return forbidden[i].name;
        }
    }
    return nullptr;
}

static void check_live_page(struct audit *audit, const struct named_range *range, virt_addr_t va) {
    struct page_query entry = page_table_query(space_page_table(kernel_space()), va);
    if (entry.kind != PAGE_MAPPED) {
        findings_add(&audit->findings, "K4", "%s at 0x%llx is in use, but not mapped", range->name,
                     (unsigned long long)va.value);
        return;
    }
    phys_addr_t page = phys_addr(align_down(entry.pa.value, PAGE_SIZE));
    const char *name = audit_forbidden_name(page);
    if (name != nullptr) {
        findings_add(&audit->findings, "K4", "%s at 0x%llx is in use, and lies in %s (0x%llx)",
                     range->name, (unsigned long long)va.value, name,
                     (unsigned long long)entry.pa.value);
    }
}

void audit_live(struct audit *audit) {
    for (unsigned i = 0; i < live_count; i++) {
        uint64_t va = align_down(live[i].start, PAGE_SIZE);
        uint64_t end = live[i].start + live[i].size_bytes;
        for (; va < end; va += PAGE_SIZE) {
            check_live_page(audit, &live[i], virt_addr(va));
        }
    }
}
