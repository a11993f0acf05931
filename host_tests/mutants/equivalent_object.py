"""Mutants of mm/object that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument("It goes on to the slot of a page that has no frame, which is null: the height is 0 "
             "then, as where nothing is missing.", (
        "mm/object/page_index.c: count_missing: bound is off by one: height (#2)",
    )),
    Argument("Nodes that it would skip hold frames, and none in the range: they are left as they "
             "are.", (
        "mm/object/page_index.c: remove_below: arm is dropped: start > removal->last",
    )),
    Argument("Frames of the range have gone from the node, and below what is left of it no page of "
             "the range lies.", (
        "mm/object/page_index.c: remove_below: arm is dropped: height > 1",
    )),
)
