"""Mutants of mm/space that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument("Where nothing is, nothing is cut and nothing removed.", (
        "mm/space/user_areas.c: place_area: condition is false: is_free",
    )),
    Argument("space_populate has checked the whole of its range, and all others lock the whole of "
             "the space.", (
        "mm/space/fault_resolve.c: find_place: call is left out: "
        "check_locked_for_writing(token, place->page);",
    )),
    Argument("These statics start as the function makes them, and a test ends with every space "
             "destroyed and every CPU in the kernel's, which is what is found there.", (
        "mm/space/address_space.c: space_registry_init: call is left out: list_init(&registry);",
        "mm/space/address_space.c: space_registry_init: call is left out: "
        "__builtin_memset((void *)current_spaces, 0, sizeof current_spaces);",
        "mm/space/kernel_space.c: kernel_space_build: call is left out: space_registry_init();",
    )),
    Argument("Of the kernel's space only readers lock this range, and one lock stands for every "
             "range: a reader's range is never looked at.", (
        "mm/space/address_space.c: space_whole_range: condition is true: "
        "space->table.half == HALF_USER",
    )),
    Argument("Every AREA_ANON area of a user space gets its attributes from user_attributes: "
             "write-back, key 0.", (
        "mm/space/area_edit.c: area_continues: arm is dropped: "
        "below->attributes.cache == above->attributes.cache",
        "mm/space/area_edit.c: area_continues: arm is dropped: "
        "below->attributes.protection_key == above->attributes.protection_key",
    )),
    Argument("The node is the first member of the area, so null gives null.", (
        "mm/space/area_tree.c: area_of: condition is false: node == nullptr",
    )),
    Argument("Where the two are equal, either answer is the same number.", (
        "mm/space/area_parts.c: area_parts_next: bound is off by one: parts->last",
        "mm/space/area_parts.c: area_parts_next: bound is off by one: start (#2)",
        "mm/space/area_tree.c: larger: bound is off by one: a",
        "mm/space/area_tree.c: smaller: bound is off by one: b",
        "mm/space/area_tree.c: kept_page: bound is off by one: first",
        "mm/space/area_tree.c: gap_between: bound is off by one: first",
        "mm/space/area_edit.c: count_area: bound is off by one: totals->memory",
        "mm/space/user_remap.c: smaller: bound is off by one: b",
        "mm/space/user_remap.c: commit_move: bound is off by one: areas->totals.memory",
        "mm/space/object_areas.c: find_cut_range: bound is off by one: cut->first",
        "mm/space/object_areas.c: find_cut_range: bound is off by one: last",
        "mm/space/space_private.h: count_resident: bound is off by one: space->resident_pages",
        "mm/space/space_usage.c: sharers_of: bound is off by one: entry->table_sharers",
        "mm/space/direct_map.c: cut_at: bound is off by one: piece->end",
        "mm/space/frame_array_map.c: smaller: bound is off by one: b",
        "mm/space/frame_array_map.c: frame_array_map: bound is off by one: done",
        "mm/space/frame_batch.c: frame_batch_map: bound is off by one: PAGES_PER_CALL",
        "mm/space/space_access.c: left_in_page: bound is off by one: in_page",
    )),
    Argument("The first byte of a page is never the last of a range.", (
        "mm/space/area_parts.c: area_parts_next: bound is off by one: parts->next",
        "mm/space/area_parts.c: find_memory: bound is off by one: area->range.start.value",
        "mm/space/stack.c: keeps_gap: one is forgotten: 1",
    )),
    Argument("Two areas of a tree are disjoint, so no two have the same start.", (
        "mm/space/area_tree.c: area_tree_insert: bound is off by one: "
        "area_of(at)->range.start.value",
    )),
    Argument("An empty gap is too short for any request, as each needs a page.", (
        "mm/space/area_tree.c: fits_gap: bound is off by one: floor",
    )),
    Argument("The search only skips here what fits_gap would refuse gap by gap.", (
        "mm/space/area_tree.c: search_subtree: bound is off by one: ceiling",
        "mm/space/area_tree.c: gap_between: condition is true: first > end",
        "mm/space/area_tree.c: search_subtree: arm is dropped: ceiling <= floor",
        "mm/space/area_tree.c: search_subtree: condition is false: "
        "ceiling <= floor || largest < search->page_count + 2 * search->guard_p",
        "mm/space/area_tree.c: search_subtree: arm is dropped: "
        "largest < search->page_count + 2 * search->guard_pages",
    )),
    Argument("Early memory that has run out stays so, and what comes after, the page of zeroes or "
             "reserve_kernel_ranges, needs a page too: it reports the same STATUS_NO_MEMORY.", (
        "mm/space/direct_map.c: map_run: condition is false: status != STATUS_OK",
        "mm/space/direct_map.c: direct_map_build: condition is false: status != STATUS_OK",
        "mm/space/frame_array_map.c: frame_array_map: condition is false: status != STATUS_OK",
        "mm/space/kernel_space.c: kernel_space_build: condition is true: status == STATUS_OK",
        "mm/space/kernel_space.c: map_regions: condition is false: status != STATUS_OK",
        "mm/space/kernel_space.c: map_regions: condition is false: status != STATUS_OK (#2)",
    )),
    Argument("The visit goes on after its answer is known, and the rest cannot change it: the flag "
             "stays set, and the page count of an adoption stays short.", (
        "mm/space/kernel_ranges.c: stop_at_entry: answer is yes: false",
        "mm/space/kernel_ranges.c: add_to_adoption: answer is yes: false",
    )),
    Argument("It only says that the switch has a case for every kind of area.", (
        "mm/space/kernel_ranges.c: free_locked: call is left out: __builtin_unreachable();",
    )),
    Argument("A host program has no memory at FRAME_ARRAY_BASE: the tests start with an array of "
             "their own, and the kernel's boot does what is left out.", (
        "mm/space/kernel_space.c: kernel_space_start: call is left out: "
        "kernel_space_start_with((struct frame *)FRAME_ARRAY_BASE);",
    )),
    Argument("A parked page has no effective rights and is not global, and its cache policy is "
             "neither printed nor different from its neighbour's.", (
        "mm/space/space_dump.c: add_entry: condition is true: entry->kind == PAGE_MAPPED",
    )),
    Argument("User memory is mapped in 4 KiB leaves, so nothing is split and the change cannot "
             "fail; then area_cut_out uses every spare that area_cuts_needed has counted.", (
        "mm/space/user_areas.c: remove_areas: condition is true: status == STATUS_OK",
        "mm/space/user_areas.c: place_area: call is left out: spare_areas_return(&spares);",
        "mm/space/user_areas.c: space_unmap: call is left out: spare_areas_return(&spares);",
    )),
    Argument("The heap gives out zeroed memory; the kernel has statics of its own for them.", (
        "mm/space/address_space.c: space_init: assignment is left out: "
        "space->lock = (struct sleep_lock){};",
        "mm/space/area_tree.c: area_tree_init: assignment is left out: "
        "*areas = (struct area_tree){};",
    )),
    Argument("Of a range that starts where the null guard ends, nothing is taken out.", (
        "mm/space/user_areas.c: spare_null_guard: bound is off by one: NULL_GUARD_END",
    )),
    Argument("The run that was found last is unmapped, so it is not found again.", (
        "mm/space/page_changes.c: unmap_object_pages: assignment is left out: at = run.end;",
    )),
    Argument("page_table_query finds nothing at an address that is not canonical.", (
        "mm/space/space_lookup.c: space_translate: condition is false: "
        "!virt_is_canonical(va, space->table.levels)",
    )),
    Argument("What no entry owns is the page of zeroes, or at address 0, as an absent one says: "
             "neither is anonymous.", (
        "mm/space/fault_resolve.c: is_sole_owner: condition is false: !entry->is_owned",
    )),
    Argument("Only of an area that has a source is it asked.", (
        "mm/space/fault_resolve.c: is_behind_end: answer is yes: false",
    )),
    Argument("What has been resolved needs nothing more, however often one looks.", (
        "mm/space/fault_resolve.c: fault_resolve_load: arm is dropped: action != RESOLVE_UNSHARE",
        "mm/space/fault_resolve.c: fault_resolve_load: arm is dropped: status != STATUS_OK",
        "mm/space/fault_resolve.c: fault_resolve_load: condition is false: "
        "action != RESOLVE_UNSHARE || status != STATUS_OK",
        "mm/space/fault_resolve.c: try_to_resolve: arm is dropped: "
        "stack_grow(token->space, va)",
        "mm/space/fault_resolve.c: try_to_resolve: condition is true: "
        "place.area == nullptr && stack_grow(token->space, va)",
        "mm/space/stack.c: stack_grow: answer is yes: false",
        "mm/space/stack.c: stack_grow: answer is yes: false (#2)",
    )),
    Argument("It only says that the switch has a case for every value.", (
        "mm/space/fault_decide.c: right_of: call is left out: __builtin_unreachable();",
        "mm/space/fault_decide.c: fault_decide: call is left out: __builtin_unreachable();",
        "mm/space/fault_resolve.c: fault_act: call is left out: __builtin_unreachable();",
        "mm/space/space_access.c: resolve: call is left out: __builtin_unreachable();",
    )),
    Argument("The area that was found last only saves a search.", (
        "mm/space/area_tree.c: area_tree_find_again: condition is true: "
        "last == nullptr || !virt_range_contains(last->range, va)",
        "mm/space/area_tree.c: area_tree_find_again: assignment is left out: "
        "areas->last_found = last != nullptr ? last : areas->last_found;",
        "mm/space/area_tree.c: area_tree_find_again: comparison is reversed: last != nullptr",
        "mm/space/area_tree.c: area_tree_find_again: condition is false: last != nullptr",
        "mm/space/area_tree.c: area_tree_find_again: condition is true: last != nullptr",
    )),
    Argument("A guard may have no rights at any time, and memory may: so nothing else continues a "
             "guard; and another guard has no page of a source that would.", (
        "mm/space/area_edit.c: area_continues: arm is dropped: area_is_memory(below)",
        "mm/space/area_edit.c: area_continues: arm is dropped: "
        "area_is_memory(below) && below->kind == above->kind",
        "mm/space/area_edit.c: area_continues: arm is dropped: below->kind == above->kind",
    )),
    Argument("Beside nothing there is no view: the compiler knows that this cannot be.", (
        "mm/space/area_edit.c: show_source: condition is true: beside != nullptr",
    )),
    Argument("What lies further up has been joined when it came to be like its neighbour.", (
        "mm/space/area_edit.c: area_join_around: arm is dropped: "
        "range_end(area->range).value <= range_end(range).value",
    )),
    Argument("The page table refuses what is not all in the user half, too, before anything has "
             "moved.", (
        "mm/space/user_remap.c: check_target: arm is dropped: !is_user_range(target_of(remap))",
    )),
    Argument("A run that ends early is followed by another one.", (
        "mm/space/page_changes.c: extend_run: arm is dropped: is_objects",
    )),
    Argument("To grow down to a place inside of an area would take more pages, as numbers wrap, "
             "than any limit leaves.", (
        "mm/space/fault_resolve.c: try_to_resolve: arm is dropped: place.area == nullptr",
    )),
)
