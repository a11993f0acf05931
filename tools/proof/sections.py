"""The sections of docs/proof.md, in their order."""

from tools.proof.page import Section

SECTIONS = (
    Section("history", "Bugs that other kernels shipped",
            (("//host_tests/history",),)),
    Section("mutants", "The same sources, weakened in one place",
            (("//host_tests/mutants", "--", "--all", "--without-tlb-model"),)),
    Section("sweep", "Every operation at each of its allocations",
            (("//host_tests/sweep",),)),
    Section("flushes", "Flushes, and those that nobody needed",
            (("//host_tests/paging:flush_report_test",),)),
    Section("models", "Random operations against models",
            (("//host_tests/models:long_run",),)),
    Section("fuzzers", "Random inputs",
            (("//tools/fuzz",),)),
    Section("scenarios", "Page faults explained",
            (("//system_tests:scenarios_test",),)),
    Section("replay", "Recordings of the kernel replayed",
            (("//system_tests:replay_test",),)),
    Section("protections", "Protections that fire",
            (("//system_tests:protections_test",),)),
    Section("storms", "Attacks on the kernel by programs",
            (("//system_tests:storm_test",),)),
    Section("differential", "Random programs, on Linux and on Quire",
            (("//tools/differential", "--", "--programs", "10000"),)),
    Section("coverage", "What the host tests run of `mm/`",
            (("//tools:coverage",),)),
)
