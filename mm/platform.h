#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "mm/addr/addr.h"

/*
 * The seam: all that mm needs of the machine under it. The kernel answers it with instructions
 * (kernel/platform/mm_platform.c), the host tests with a pretend PC (host_tests/machine). Functions
 * are resolved at link time; there are no function pointers.
 */

BEGIN_C_DECLS

constexpr unsigned CPU_COUNT_MAX = 64;
constexpr unsigned TLB_FLUSH_PAGE_MAX =
    32; /* past this many pages a flush is of the whole context */

struct platform_features {
    uint8_t phys_addr_bits; /* MAXPHYADDR, 32..52 (SDM 3A 4.1.4) */
    uint8_t paging_levels;  /* 4, or 5 with CR4.LA57 */
    bool has_no_execute;    /* EFER.NXE is set */
    bool has_global_pages;  /* CR4.PGE is set */
    bool has_1g_leaves;     /* CPUID.80000001H:EDX.Page1GB */
    bool has_pat;           /* IA32_PAT entries 0..3 are WB, WC, UC-, UC; 4 is WT */
    bool has_pcid;          /* CR4.PCIDE is set */
};

/* What a CPU translates through from now on. */
struct activation {
    phys_addr_t root;
    uint16_t context_id;     /* PCID, or 0 without PCIDs */
    bool keeps_translations; /* bit 63 of CR3: what is cached for context_id stays valid */
};

struct cpu_mask {
    uint64_t bits; /* bit n: CPU n. Accessed atomically. */
};

static_assert(CPU_COUNT_MAX <= 64);

enum tlb_flush_scope : uint8_t {
    TLB_FLUSH_PAGES,   /* each of pages[], with the paging-structure caches (SDM 3A 4.10.4.1);
                          those of the upper half by INVLPG, whatever context is current */
    TLB_FLUSH_CONTEXT, /* every non-global translation of the context */
    TLB_FLUSH_ALL,     /* every translation of every context, global ones too */
};

/* What must be forgotten, by whom. Filled in by tlb_gather; nothing else makes one. */
struct tlb_flush {
    enum tlb_flush_scope scope;
    uint8_t page_count; /* of pages[]; only for TLB_FLUSH_PAGES */
    uint16_t context_id;
    struct cpu_mask cpus; /* who may hold it: read after the entries were written (S3). For the
                             kernel all bits are set; CPUs that do not run are passed over */
    virt_addr_t pages[TLB_FLUSH_PAGE_MAX];
};

struct table_event; /* mm/paging/table_event.h */

/* Constant after boot. */
const struct platform_features *platform_features(void);

/* Where the kernel sees this physical memory; valid for RAM only. */
void *platform_phys_to_virt(phys_addr_t pa);

/* Makes the current CPU translate through `next` (MOV to CR3, SDM 3A 4.10.4.1). */
void platform_activate(const struct activation *next);

/* Asks every CPU of the request to forget; may be batched. The request stays the caller's. */
void platform_tlb_flush_start(struct tlb_flush *request);

/* Returns when every CPU of the request has forgotten. */
void platform_tlb_flush_wait(struct tlb_flush *request);

/*
 * What happens to page tables, for whoever keeps a trace of it. Cheap, takes no lock of mm's and
 * calls nothing of it that changes anything; runs in any thread, from the first table on.
 */
void platform_trace(const struct table_event *event);

unsigned platform_current_cpu(void);
void platform_preempt_disable(void);
void platform_preempt_enable(void);

/*
 * Sleeps while `*word` is `expected`; may return early. A sleeping lock is built on these two, in
 * the manner of man 2 futex. Never called in interrupt context or with pre-emption off.
 */
void platform_sleep_while(const uint32_t *word, uint32_t expected);
void platform_wake_one(const uint32_t *word);

/* Whether whatever the current thread does is done for nobody, since its process is to end: what
 * takes long may stop then. */
bool platform_is_interrupted(void);

END_C_DECLS
