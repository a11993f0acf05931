"""Mutants of mm/addr that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument(
        "The last page of an empty range comes out as the one before its start, or, from 0 on, "
        "as the topmost one in the other half: both are refused below.",
        ("mm/addr/addr.h: virt_range_is_valid: arm is dropped: page_count == 0",),
    ),
    Argument(
        "Only 2^52 - 1 pages are refused here by it; they wrap or reach into the other half from "
        "any start, and are refused for that below.",
        ("mm/addr/addr.h: virt_range_is_valid: bound is off by one: page_count",),
    ),
    Argument(
        "A start, a multiple of a page, is never equal to the last byte of a range.",
        (
            "mm/addr/addr.h: virt_range_overlaps: bound is off by one: a.start.value",
            "mm/addr/addr.h: virt_range_overlaps: bound is off by one: b.start.value",
        ),
    ),
)
