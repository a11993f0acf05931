#pragma once

#include <stddef.h>
#include <stdint.h>

#include "kernel/trace/history.h"
#include "lib/decls.h"
#include "lib/format.h"
#include "mm/addr/addr.h"
#include "mm/paging/page_table.h"
#include "mm/space/area.h"

/*
 * Explains a page fault. Pure: the caller gathers the facts, this room only judges and words them,
 * so that the whole report is tested on the host.
 */

BEGIN_C_DECLS

/* The error code that the CPU pushes for #PF (SDM 3A 4.7, figure 4-12). */
enum page_fault_code : uint32_t {
    PAGE_FAULT_PRESENT = 1 << 0,
    PAGE_FAULT_WRITE = 1 << 1,
    PAGE_FAULT_USER = 1 << 2,
    PAGE_FAULT_RESERVED_BIT = 1 << 3,
    PAGE_FAULT_FETCH = 1 << 4,
    PAGE_FAULT_PROTECTION_KEY = 1 << 5,
    PAGE_FAULT_SHADOW_STACK = 1 << 6,
    PAGE_FAULT_SGX = 1 << 15,
};

enum fault_verdict : uint8_t {
    FAULT_NULL_POINTER,   /* below NULL_GUARD_END, or in the topmost page */
    FAULT_GUARD_PAGE,     /* in an area that is never mapped */
    FAULT_KERNEL_ADDRESS, /* user mode reached for the upper half */
    FAULT_NON_CANONICAL,  /* no such address */
    FAULT_NO_ACCESS,      /* the page is parked: PROT_NONE */
    FAULT_NEVER_MAPPED,   /* no area, and nobody is known to have mapped anything */
    FAULT_STACK_LIMIT,    /* no area, and the one above may not grow down so far */
    FAULT_UNMAPPED,       /* no area, and the last change took away what was there */
    FAULT_NOT_FILLED,     /* in an area that is only reserved, or not used yet */
    FAULT_HOLE,           /* in the direct map or the frame array, where there is no memory */
    FAULT_ENTRY_LOST,     /* the area says that there is memory: the kernel's mistake */
    FAULT_READ_ONLY,
    FAULT_NO_EXECUTE,
    FAULT_SMAP,               /* the kernel touched user memory outside user_copy */
    FAULT_SMEP,               /* the kernel jumped into user memory */
    FAULT_KERNEL_PAGE_IN_LOW, /* a lower-half page without the user bit: the kernel's mistake */
    FAULT_RESERVED_BIT,       /* a corrupt table entry */
    FAULT_PROTECTION_KEY,
    FAULT_SHADOW_STACK,
    FAULT_SGX,
    FAULT_STALE_TLB, /* the tables allow it, and the CPU knew a weaker entry: law 6, or a flush is
                        missing */
    FAULT_MAPPED_SINCE, /* the tables allow it, and the CPU found nothing (and never caches that) */
};

constexpr size_t FAULT_CHANGES_MAX = 4;

/* A change of the entry, and the function that asked for it. */
struct fault_change {
    struct table_change change;
    const char *function; /* nullptr: not known */
    uint64_t offset;      /* into the function, of the return address */
};

struct fault_facts {
    const char *who; /* "process 3 (hello)", "the kernel" */
    uint64_t instruction;
    virt_addr_t address;
    uint32_t error_code;
    bool is_smap_in_force;   /* the CPU has it, and user_copy had not opened user memory */
    bool is_smep_in_force;   /* the CPU has it */
    struct page_query query; /* of address, as the tables are now */
    struct page_walk walk;   /* the same, step by step */
    bool has_area, has_area_below, has_area_above;
    struct vm_area area;       /* that holds the address */
    struct vm_area area_below; /* the nearest on each side */
    struct vm_area area_above;
    uint64_t stack_limit_bytes; /* how large an area may grow down to be */
    size_t change_count;        /* of `changes`, newest first */
    struct fault_change changes[FAULT_CHANGES_MAX];
};

/* Total: every combination of error code and table state has one verdict. */
enum fault_verdict fault_judge(const struct fault_facts *facts);

/* How large the area above the address would have to grow down to be to hold it. */
uint64_t fault_stack_bytes(const struct fault_facts *facts);

/* Whether the tables allow the access now, so that the instruction may run again, once. */
bool fault_is_spurious(enum fault_verdict verdict);

/* The bit of the walk that stops the access, as the tables are now. */
struct page_walk_stop fault_find_stop(const struct fault_facts *facts);

/* Writes the report: who did what to which address, the error code in words, the walk level by
 * level and the bit that stopped it, the verdict, what lies around the address, what should be
 * there and what is, and how it came to be so. */
void fault_explain(const struct fault_facts *facts, const struct text_sink *sink);

/* The Linux signal that ends a process for an exception it raised (man 7 signal). */
unsigned fault_signal(uint64_t vector);

END_C_DECLS
