#include "mm/audit/findings.h"

#include "mm/audit/audit.h"

void findings_add(struct findings *findings, const char *invariant, const char *format, ...) {
    findings->count++;
    if (findings->count > AUDIT_LINES_MAX) {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    format_to(findings->sink, "audit: %s: ", invariant);
    format_to_va(findings->sink, format, arguments);
    format_to(findings->sink, "\n");
    va_end(arguments);
}

void findings_end(struct findings *findings) {
    if (findings->count > AUDIT_LINES_MAX) {
        format_to(findings->sink, "audit: and %llu more\n",
                  (unsigned long long)(findings->count - AUDIT_LINES_MAX));
    }
}
