#include "kernel/fault/fault.h"
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

static const char *const VERDICTS[] = {
    [FAULT_NULL_GUARD] = "null guard: the first 64 KiB are never mapped",
    [FAULT_GUARD_PAGE] = "guard page",
    [FAULT_KERNEL_ADDRESS] = "kernel address: user mode may not touch the upper half",
    [FAULT_NON_CANONICAL] = "non-canonical: no memory can have this address",
    [FAULT_NO_ACCESS] = "no access: the page is mapped without any right (PROT_NONE)",
    [FAULT_NOT_MAPPED] = "not mapped",
    [FAULT_READ_ONLY] = "read-only: the page may not be written",
    [FAULT_NO_EXECUTE] = "no-execute: the page holds data, not code",
    [FAULT_SMAP] = "SMAP: the kernel touched user memory without saying so",
    [FAULT_SMEP] = "SMEP: the kernel tried to run user memory",
    [FAULT_KERNEL_PAGE_IN_LOW] = "supervisor page in user memory: the kernel mapped it wrongly",
    [FAULT_RESERVED_BIT] = "reserved bit: a page-table entry is corrupt",
    [FAULT_PROTECTION_KEY] = "protection key: PKRU forbids this access",
    [FAULT_SHADOW_STACK] = "shadow stack: not an access that a shadow stack allows",
    [FAULT_SGX] = "SGX: the enclave's rules forbid it",
    [FAULT_SPURIOUS] = "the tables allow it: they changed since, or a flush is missing",
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

static void explain_area(const char *where, const struct vm_area *area,
                         const struct text_sink *sink) {
    uint8_t rights = area->attributes.rights;
    format_to(sink, "  %s %016llx-%016llx %c%c%c '%s'\n", where,
              (unsigned long long)area->range.start.value,
              (unsigned long long)virt_range_last(area->range).value,
              rights & RIGHT_READ ? 'r' : '-', rights & RIGHT_WRITE ? 'w' : '-',
              rights & RIGHT_EXECUTE ? 'x' : '-', area->name);
}

static void explain_surroundings(const struct fault_facts *facts, const struct text_sink *sink) {
    if (facts->has_area) {
        explain_area("inside", &facts->area, sink);
    }
    if (facts->has_area_below) {
        explain_area("before", &facts->area_below, sink);
    }
    if (facts->has_area_above) {
        explain_area("after ", &facts->area_above, sink);
    }
}

void fault_explain(const struct fault_facts *facts, const struct text_sink *sink) {
    format_to(sink, "page fault: %s %s address 0x%016llx\n", facts->who,
              access_name(facts->error_code), (unsigned long long)facts->address.value);
    format_to(sink, "  by the instruction at 0x%016llx\n", (unsigned long long)facts->instruction);
    explain_code(facts->error_code, sink);
    explain_walk(&facts->walk, sink);
    enum fault_verdict verdict = fault_judge(facts);
    format_to(sink, "  verdict: %s", VERDICTS[verdict]);
    format_to(sink, verdict == FAULT_GUARD_PAGE ? " of '%s': an overflow ends here\n" : "\n",
              facts->area.name);
    if (verdict != FAULT_NON_CANONICAL && verdict != FAULT_KERNEL_ADDRESS) {
        explain_surroundings(facts, sink);
    }
}
