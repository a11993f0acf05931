#include "kernel/platform/mm_platform.h"

#include "kernel/cpu/cpu.h"
#include "kernel/cpu/cpu_local.h"
#include "kernel/cpu/features.h"
#include "kernel/process/process.h"
#include "kernel/thread/thread.h"
#include "kernel/trace/trace.h"
#include "mm/addr/layout.h"
#include "mm/platform.h"

constexpr uint64_t CR3_KEEP_TRANSLATIONS = 1ull << 63;

static struct platform_features features; /* fixed by mm_platform_begin */
static uint64_t window;                   /* what is added to a physical address */

void mm_platform_begin(void) {
    const struct cpu_features *cpu = cpu_features();
    features.phys_addr_bits = cpu->phys_addr_bits;
    features.paging_levels = cpu_read_cr4() & CR4_LA57 ? 5 : 4;
    features.has_no_execute = cpu->has_no_execute;
    features.has_global_pages = cpu->has_global_pages;
    features.has_1g_leaves = cpu->has_1g_leaves;
    features.has_pat = cpu->has_pat;
    features.has_pcid = (cpu_read_cr4() & CR4_PCID) != 0;
}

void mm_platform_use_direct_map(void) {
    window = DIRECT_MAP_BASE;
}

const struct platform_features *platform_features(void) {
    return &features;
}

void *platform_phys_to_virt(phys_addr_t pa) {
    return (void *)(pa.value + window);
}

void platform_activate(const struct activation *next) {
    uint64_t keep = next->keeps_translations ? CR3_KEEP_TRANSLATIONS : 0;
    cpu_write_cr3(next->root.value | next->context_id | keep);
}

/* Of the CPUs that a request names only this one runs, so asking is doing. */
void platform_tlb_flush_start(struct tlb_flush *request) {
    if (!(request->cpus.bits & 1ull << platform_current_cpu())) {
        return;
    }
    switch (request->scope) {
    case TLB_FLUSH_PAGES:
        for (unsigned i = 0; i < request->page_count; i++) {
            cpu_invlpg(request->pages[i]);
        }
        return;
    case TLB_FLUSH_CONTEXT:
        cpu_write_cr3(cpu_read_cr3() & ~CR3_KEEP_TRANSLATIONS);
        return;
    case TLB_FLUSH_ALL:
        cpu_flush_all();
        return;
    }
}

void platform_tlb_flush_wait(struct tlb_flush *request) {
    (void)request;
}

void platform_trace(const struct table_event *event) {
    trace_table_event(event);
}

unsigned platform_current_cpu(void) {
    return cpu_local()->index;
}

void platform_preempt_disable(void) {
    thread_preempt_disable();
}

void platform_preempt_enable(void) {
    thread_preempt_enable();
}

void platform_sleep_while(const uint32_t *word, uint32_t expected) {
    thread_sleep_while(word, expected);
}

void platform_wake_one(const uint32_t *word) {
    thread_wake_one(word);
}

bool platform_is_interrupted(void) {
    return process_is_to_end();
}
