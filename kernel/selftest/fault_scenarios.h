#pragma once

/* Runs the scenarios of kernel/fault/scenarios, whose reports go to the log. */
void selftest_fault_scenarios(void);
