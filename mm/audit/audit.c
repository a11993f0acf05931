#include "mm/audit/audit.h"

#include "mm/audit/audit_private.h"
#include "mm/heap/heap.h"

struct audit_result audit_run(const struct text_sink *sink) {
    struct audit audit = {.findings = {.sink = sink}};
    audit_spaces(&audit);
    audit_frames(&audit);
    audit_aliases(&audit);
    audit_live(&audit);
    findings_end(&audit.findings);
    audit.result.finding_count = audit.findings.count;
    return audit.result;
}

void audit_drain(void) {
    heap_drain();
}
