#include "kernel/fault/fault.h"
#include "kernel/fault/surroundings.h"
#include "mm/addr/layout.h"

struct code_word {
    uint32_t bit;
    const char *if_set;
    const char *if_clear; /* nullptr: not mentioned */
};

static const struct code_word CODE_WORDS[] = {
    {PAGE_FAULT_PRESENT, "P: present", "not present"},
    {PAGE_FAULT_WRITE, "W: write", nullptr},
    {PAGE_FAULT_FETCH, "I: instruction fetch", nullptr},
    {PAGE_FAULT_USER, "U: user mode", "kernel mode"},
    {PAGE_FAULT_RESERVED_BIT, "RSVD: reserved bit set", nullptr},
    {PAGE_FAULT_PROTECTION_KEY, "PK: protection key", nullptr},
    {PAGE_FAULT_SHADOW_STACK, "SS: shadow stack", nullptr},
    {PAGE_FAULT_SGX, "SGX: enclave rule", nullptr},
};

/* Those that say more than these words have a function below. */
static const char *const VERDICTS[] = {
    [FAULT_NULL_POINTER] = "null",
    [FAULT_GUARD_PAGE] = "guard page",
    [FAULT_KERNEL_ADDRESS] = "kernel address: user mode may not touch the upper half",
    [FAULT_NON_CANONICAL] = "non-canonical: no memory can have this address",
    [FAULT_NO_ACCESS] = "no access: the page is mapped without any right (PROT_NONE)",
    [FAULT_NEVER_MAPPED] = "never mapped: nobody is known to have put anything here",
    [FAULT_STACK_LIMIT] = "stack limit",
    [FAULT_UNMAPPED] = "unmapped",
    [FAULT_NOT_FILLED] = "not filled: no page has been put here yet",
    [FAULT_HOLE] = "hole: there is no memory that could be mapped here",
    [FAULT_ENTRY_LOST] = "entry lost: memory should be mapped here; the kernel's mistake",
    [FAULT_READ_ONLY] = "read-only: the page may not be written",
    [FAULT_NO_EXECUTE] = "no-execute: the page holds data, not code",
    [FAULT_SMAP] = "SMAP: the kernel touched user memory without saying so",
    [FAULT_SMEP] = "SMEP: the kernel tried to run user memory",
    [FAULT_KERNEL_PAGE_IN_LOW] = "supervisor page in user memory: the kernel mapped it wrongly",
    [FAULT_RESERVED_BIT] = "reserved bit",
    [FAULT_PROTECTION_KEY] = "protection key: PKRU forbids this access",
    [FAULT_SHADOW_STACK] = "shadow stack: not an access that a shadow stack allows",
    [FAULT_SGX] = "SGX: the enclave's rules forbid it",
    [FAULT_STALE_TLB] = "stale TLB: the walk now succeeds, but the CPU knew a weaker entry",
    [FAULT_MAPPED_SINCE] = "mapped since: the walk now succeeds, but the CPU found nothing there",
};

static const char *access_name(uint32_t error_code) {
    if (error_code & PAGE_FAULT_FETCH) {
        return "ran";
    }
    return error_code & PAGE_FAULT_WRITE ? "wrote" : "read";
}

static void explain_code(uint32_t error_code, const struct text_sink *sink) {
    const char *separator = "";
    format_to(sink, "  error code %#x: ", error_code);
    for (size_t i = 0; i < sizeof(CODE_WORDS) / sizeof(CODE_WORDS[0]); i++) {
        const struct code_word *word = &CODE_WORDS[i];
        const char *text = error_code & word->bit ? word->if_set : word->if_clear;
        if (text) {
            format_to(sink, "%s%s", separator, text);
            separator = ", ";
        }
    }
    format_to(sink, "\n");
}

static void explain_walk(const struct page_walk *walk, const struct text_sink *sink) {
    for (unsigned i = 0; i < walk->step_count; i++) {
        const struct page_walk_step *step = &walk->steps[i];
        format_to(sink, "  level %u: entry %u of table %#llx is 0x%016llx\n           %s\n",
                  step->level, step->index, (unsigned long long)step->table.value,
                  (unsigned long long)step->raw, step->words);
    }
}

static void explain_stop(const struct fault_facts *facts, const struct text_sink *sink) {
    struct page_walk_stop stop = fault_find_stop(facts);
    if (stop.is_stopped) {
        format_to(sink, "  stopped at level %u: bit %u (%s) is %s\n", stop.level, stop.bit,
                  stop.name, stop.is_set ? "set" : "clear");
    }
}

static void explain_null(const struct fault_facts *facts, const struct text_sink *sink) {
    uint64_t address = facts->address.value;
    bool is_above = address < NULL_GUARD_END;
    format_to(sink, " %s %#llx: the %s never mapped\n", is_above ? "plus" : "minus",
              (unsigned long long)(is_above ? address : -address),
              is_above ? "first 64 KiB are" : "topmost page is");
}

static void explain_stack_limit(const struct fault_facts *facts, const struct text_sink *sink) {
    format_to(sink, ": '%s' may grow to %llu KiB and would have to grow to %llu\n",
              facts->area_above.name, (unsigned long long)facts->stack_limit_bytes >> 10,
              (unsigned long long)fault_stack_bytes(facts) >> 10);
}

static void explain_unmapping(const struct table_change *change, const struct text_sink *sink) {
    format_to(sink, " ");
    table_change_write_author(change, sink);
    format_to(sink, "\n");
}

static void explain_reserved_bit(struct page_walk_stop stop, const struct page_walk *walk,
                                 const struct text_sink *sink) {
    if (fault_walk_is_corrupt(walk)) {
        format_to(sink, " %u at level %u", stop.bit, stop.level);
    }
    format_to(sink, ": a page-table entry is corrupt\n");
}

static void explain_verdict(enum fault_verdict verdict, const struct fault_facts *facts,
                            const struct text_sink *sink) {
    format_to(sink, "  verdict: %s", VERDICTS[verdict]);
    switch (verdict) {
    case FAULT_NULL_POINTER:
        explain_null(facts, sink);
        return;
    case FAULT_STACK_LIMIT:
        explain_stack_limit(facts, sink);
        return;
    case FAULT_UNMAPPED:
        explain_unmapping(&facts->changes[0].change, sink);
        return;
    case FAULT_GUARD_PAGE:
        format_to(sink, " of '%s': an overflow ends here\n", facts->area.name);
        return;
    case FAULT_RESERVED_BIT:
        explain_reserved_bit(fault_find_stop(facts), &facts->walk, sink);
        return;
    default:
        format_to(sink, "\n");
    }
}

void fault_explain(const struct fault_facts *facts, const struct text_sink *sink) {
    format_to(sink, "page fault: %s %s address 0x%016llx\n", facts->who,
              access_name(facts->error_code), (unsigned long long)facts->address.value);
    format_to(sink, "  by the instruction at 0x%016llx\n", (unsigned long long)facts->instruction);
    explain_code(facts->error_code, sink);
    explain_walk(&facts->walk, sink);
    enum fault_verdict verdict = fault_judge(facts);
    explain_stop(facts, sink);
    explain_verdict(verdict, facts, sink);
    if (verdict != FAULT_NON_CANONICAL && verdict != FAULT_KERNEL_ADDRESS) {
        fault_explain_surroundings(facts, sink);
        fault_explain_history(facts, sink);
    }
}
