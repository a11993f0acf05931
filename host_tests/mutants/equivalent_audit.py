"""Mutants of mm/audit that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument(
        "Where the leaf and the run start at the same address, either is what is told.",
        ("mm/audit/alias_audit.c: check_writable: bound is off by one: start",),
    ),
    Argument(
        "Without a single frame borrowed, smallest_window serves, which has as many counters.",
        ("mm/audit/frame_audit.c: borrow_counters: bound is off by one: smaller",),
    ),
    Argument(
        "A window that begins at the page limit has no page that exists: its walk says nothing.",
        ("mm/audit/frame_audit.c: audit_frames: bound is off by one: frame_page_limit()",),
    ),
    Argument(
        "Searching for the area again finds the one that was kept: areas do not change meanwhile.",
        ("mm/audit/space_audit.c: find_area: condition is true: "
         "!audit->has_area || !virt_range_contains(audit->area.range, entry->va)",),
    ),
    Argument(
        "The last byte of one area is never the first, a multiple of a page, of the next.",
        ("mm/audit/space_audit.c: check_area: bound is off by one: area->range.start.value",),
    ),
    Argument(
        "All visitors of this room pass over entries that are no table, leaf or parked page: an "
        "absent one only takes their time.",
        ("mm/audit/walk.c: walk_table: condition is false: entry.kind == PTE_ABSENT",),
    ),
    Argument(
        "A table that several processes have is looked at by each of them then, which only takes "
        "time.",
        ("mm/audit/frame_audit.c: forget_table: answer is yes: was_counted",),
    ),
)
