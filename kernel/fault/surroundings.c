#include "kernel/fault/surroundings.h"

constexpr uint8_t COMPARED_RIGHTS = RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE | RIGHT_USER;

static void explain_area(const char *where, const struct vm_area *area,
                         const struct text_sink *sink) {
    format_to(sink, "  %s %016llx-%016llx %s '%s'\n", where,
              (unsigned long long)area->range.start.value,
              (unsigned long long)virt_range_last(area->range).value,
              rights_text(area->attributes.rights).letters, area->name);
}

static const char *content_name(enum area_kind kind) {
    switch (kind) {
    case AREA_RESERVED:
        return "nothing yet";
    case AREA_GUARD:
        return "nothing, ever";
    case AREA_ANON:
        return "memory of its own";
    case AREA_OBJECT:
        return "a file or shared memory";
    case AREA_DEVICE:
        return "device memory";
    case AREA_BOOT:
        return "what the boot has mapped";
    }
    __builtin_unreachable();
}

static bool may_hold_pages(const struct fault_facts *facts) {
    return facts->has_area && facts->area.kind != AREA_RESERVED && facts->area.kind != AREA_GUARD;
}

/* V2: an entry may grant less than its area says, but never more. Whom it grants it to is not among
 * the letters. */
static const char *compare_rights(uint8_t granted, uint8_t allowed) {
    if ((granted ^ allowed) == RIGHT_USER) {
        return granted & RIGHT_USER ? "but for user mode too" : "but not for user mode";
    }
    if ((granted & ~allowed) != 0) {
        return "more than that";
    }
    return granted == allowed ? "just that" : "less than that";
}

static void explain_found_page(const struct fault_facts *facts, const struct text_sink *sink) {
    uint8_t allowed = may_hold_pages(facts) ? facts->area.attributes.rights & COMPARED_RIGHTS : 0;
    uint8_t granted = facts->query.effective_rights & COMPARED_RIGHTS;
    format_to(sink, "found: %s, %s\n", rights_text(granted).letters,
              compare_rights(granted, allowed));
}

bool fault_walk_is_corrupt(const struct page_walk *walk) {
    return walk->step_count > 0 && walk->steps[walk->step_count - 1].reserved_bits != 0;
}

static void explain_found(const struct fault_facts *facts, const struct text_sink *sink) {
    if (fault_walk_is_corrupt(&facts->walk)) {
        format_to(sink, "found: a corrupt entry\n");
        return;
    }
    switch (facts->query.kind) {
    case PAGE_ABSENT:
        format_to(sink, "found: nothing\n");
        return;
    case PAGE_PARKED:
        format_to(sink, "found: a page without rights\n");
        return;
    case PAGE_MAPPED:
        explain_found_page(facts, sink);
        return;
    }
}

static void explain_expectation(const struct fault_facts *facts, const struct text_sink *sink) {
    if (!facts->has_area) {
        format_to(sink, "  expected: nothing, in no area; ");
    } else if (!may_hold_pages(facts)) {
        format_to(sink, "  expected: %s; ", content_name(facts->area.kind));
    } else {
        format_to(sink, "  expected: %s, %s; ", content_name(facts->area.kind),
                  rights_text(facts->area.attributes.rights).letters);
    }
    explain_found(facts, sink);
}

void fault_explain_surroundings(const struct fault_facts *facts, const struct text_sink *sink) {
    if (facts->has_area) {
        explain_area("inside", &facts->area, sink);
    }
    if (facts->has_area_below) {
        explain_area("before", &facts->area_below, sink);
    }
    if (facts->has_area_above) {
        explain_area("after ", &facts->area_above, sink);
    }
    explain_expectation(facts, sink);
}

void fault_explain_history(const struct fault_facts *facts, const struct text_sink *sink) {
    for (size_t i = 0; i < facts->change_count; i++) {
        const struct fault_change *entry = &facts->changes[i];
        format_to(sink, "  %s ", i == 0 ? "last change:" : "before that:");
        table_change_write(&entry->change, sink);
        format_to(sink, "\n      for 0x%llx", (unsigned long long)entry->change.caller);
        if (entry->function) {
            format_to(sink, " %s+%#llx", entry->function, (unsigned long long)entry->offset);
        }
        format_to(sink, "\n");
    }
}
