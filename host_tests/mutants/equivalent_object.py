"""Mutants of mm/object that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument("It goes on to the slot of a page that has no frame, which is null: the height is 0 "
             "then, as where nothing is missing.", (
        "mm/object/page_index.c: count_missing: bound is off by one: height (#2)",
        "mm/object/page_index.c: count_missing: arm is dropped: height > 1",
    )),
    Argument("Nodes that it would skip hold frames, and none in the range: they are left as they "
             "are.", (
        "mm/object/page_index.c: remove_below: arm is dropped: start > removal->last",
        "mm/object/page_index.c: remove_below: arm is dropped: "
        "start + last_page_of(height) < removal->first",
    )),
    Argument("Frames of the range have gone from the node, and below what is left of it no page of "
             "the range lies.", (
        "mm/object/page_index.c: remove_below: arm is dropped: height > 1",
        "mm/object/page_index.c: remove_below: bound is off by one: height",
    )),
    Argument("Where the two are equal, either answer is the same number, or no byte.", (
        "mm/object/memory_object.c: left_in_page: bound is off by one: in_page",
        "mm/object/memory_object.c: memory_object_read: bound is off by one: object->size_bytes",
        "mm/object/memory_object.c: memory_object_read: bound is off by one: left",
        "mm/object/memory_object.c: write_page: bound is off by one: end",
        "mm/object/memory_object.c: memory_object_punch: bound is off by one: room",
        "mm/object/memory_object.c: memory_object_punch: bound is off by one: offset",
    )),
    Argument("What lies behind the range is found to hold none of its pages, only later.", (
        "mm/object/page_index.c: count_below: arm is dropped: start > limits.last",
    )),
    Argument("Both times the same bytes are zeroed.", (
        "mm/object/memory_object.c: zero_ends: bound is off by one: last",
    )),
    Argument("Nobody looks at what is told of a page that is not there.", (
        "mm/object/memory_object.c: memory_object_find_page: condition is true: is_found",
        "mm/object/memory_object.c: memory_object_get_page: condition is true: "
        "status == STATUS_OK",
    )),
    Argument("Of two that were asked alike, either has the right place in the list.", (
        "mm/object/object_view.c: object_views_join: bound is off by one: kept->cut_number",
    )),
)
