"""Mutants of mm/frame that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument(
        "Only where both operands are equal does another one become the minimum or maximum, and "
        "then it is the same value.",
        (
            "mm/frame/boot.c: intersection: bound is off by one: a.first",
            "mm/frame/boot.c: intersection: bound is off by one: b.end",
            "mm/frame/boot.c: intersection: bound is off by one: end",
            "mm/frame/early.c: take: bound is off by one: run.first (#2)",
            "mm/frame/early.c: take: bound is off by one: other->end",
            "mm/frame/early.c: find_room: bound is off by one: FIRST_PAGE",
            "mm/frame/early.c: find_room: bound is off by one: page_limit",
            "mm/frame/early.c: early_alloc_below: bound is off by one: early.page_limit",
            "mm/frame/frame.c: frame_alloc_contiguous: bound is off by one: order",
            "mm/frame/frame_array.c: page_limit_of: bound is off by one: run.end",
            "mm/frame/memory_map.c: minimum: bound is off by one: b",
            "mm/frame/zone.c: largest_order: bound is off by one: fitting",
            "mm/frame/zone.c: largest_order: bound is off by one: FRAME_ORDER_MAX",
        ),
    ),
    Argument(
        "Only a size_bytes - 1 just below to_top becomes to_top by it: the last byte reserved is "
        "then the last of the address space instead of the one before, in the same page.",
        ("mm/frame/early.c: early_reserve: one is forgotten: 1",),
    ),
    Argument(
        "A taken run that ends at `first` moves it to that same page, which is aligned already.",
        ("mm/frame/early.c: skip_taken: bound is off by one: taken->end",),
    ),
    Argument(
        "Where *first is `end` no page is left, and page_count, which is not 0, is more than that.",
        ("mm/frame/early.c: find_room: bound is off by one: end",),
    ),
    Argument(
        "The restrictions of two types are equal only where the types are.",
        ("mm/frame/memory_map.c: type_at: bound is off by one: restriction(span.type)",),
    ),
    Argument(
        "A close buddy's frame is in its neighbour's page of the array, so it can be read; in a "
        "hole it says FRAME_RESERVED, which is no free block either way.",
        ("mm/frame/zone.c: is_free_block: arm is dropped: 1ull << order >= FRAMES_PER_PAGE",),
    ),
)
