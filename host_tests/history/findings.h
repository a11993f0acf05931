#pragma once

#include <gtest/gtest.h>

#include <string>

#include "host_tests/space/space_test.h"
#include "mm/audit/audit.h"

/* What the oracle and the audit see now, each thing a failed expectation. */
inline void report_findings(machine::Machine &pc, const std::string &when) {
    pc.look(when);
    for (const std::string &finding : pc.take_findings()) {
        ADD_FAILURE() << finding;
    }
    TextLog log;
    if (audit_run(log.sink()).finding_count > 0) {
        ADD_FAILURE() << log.text();
    }
}
