"""Mutants of mm/paging that no test can notice."""

from host_tests.mutants.argument import Argument

ARGUMENTS: tuple[Argument, ...] = (
    Argument(
        "table_pool_end does nothing but CHECK that the reservation was exact, and it is.",
        ("mm/paging/map.c: map: call is left out: table_pool_end(&pool);",
         "mm/paging/remap.c: remap: call is left out: table_pool_end(&pool);",
         "mm/paging/page_table.c: page_table_reserve: call is left out: table_pool_end(&pool);")),
    Argument(
        "Live entries are changed by locked instructions only, which are full barriers on x86 "
        "already; that some barrier must stand there, store_order_test shows.",
        ("mm/paging/tlb_gather.c: cpus_that_may_know: barrier is left out: "
         "__atomic_thread_fence(__ATOMIC_SEQ_CST);",)),
    Argument(
        "The mask is entered by a locked instruction, a full barrier on x86 already, and MOV to "
        "CR3 serialises too; the fence says so to other readers of the memory model.",
        ("mm/paging/page_table.c: page_table_activate: barrier is left out: "
         "__atomic_thread_fence(__ATOMIC_SEQ_CST);",)),
    Argument(
        "A range's last address is the last byte of a page, so it is never USER_END itself, which "
        "is the first.",
        ("mm/paging/plan.c: range_belongs: bound is off by one: USER_END",)),
    Argument(
        "At level 0 blocks_cut adds 0, because ranges consist of whole pages; then the level "
        "wraps to the greatest number, and one more than that is 0, which ends the loop.",
        ("mm/paging/plan.c: tables_below: bound is off by one: level",)),
    Argument(
        "Where the entry ends with the range, looking at the range's end finds the same entry "
        "from its start to its end, which cuts nothing, and adds 0; where the range ends with "
        "the last address there is, no leaf sticks out of its end.",
        ("mm/paging/plan.c: tables_to_cut_out: bound is off by one: at.last.value",)),
    Argument(
        "Leaves put one at a time are the same leaves; putting a table's at once is only faster.",
        ("mm/paging/map.c: put_leaves: condition is false: at->level == 0",)),
    Argument(
        "At or below `level` an absent entry lacks no table, so to go down there finds nothing to "
        "do; that it is not done only saves time.",
        ("mm/paging/plan.c: tables_to_reserve: arm is dropped: at.level > level",
         "mm/paging/plan.c: tables_to_reserve: bound is off by one: at.level",
         "mm/paging/page_table.c: commit_reserve: arm is dropped: at.level > level",
         "mm/paging/page_table.c: commit_reserve: bound is off by one: at.level")),
    Argument(
        "To go down again leads to the table that the entry before went to, which is there and the "
        "table's own by then; that it is not done only saves time.",
        ("mm/paging/move.c: stand_at: one is forgotten: 1",)),
    Argument(
        "What the chain ends with is never followed: the pool's count says how many there are.",
        ("mm/paging/table_pool.c: table_pool_fill: assignment is left out: "
         "pool->first = phys_addr(0);",)),
    Argument(
        "The switch before it returns for every value of the enumeration.",
        ("mm/paging/query.c: describe: call is left out: __builtin_unreachable();",
         "mm/paging/pte.h: pte_cache_index: call is left out: __builtin_unreachable();")),
    Argument(
        "A compare-exchange that fails loads what is there; so the first load only saves a round.",
        ("mm/paging/share.c: deny_writing: assignment is left out: *old = pte_load(slot);",)),
    Argument(
        "A table that nobody else refers to is taken over, which is to say that it stays as it is.",
        ("mm/paging/share.c: entry_enter_table: condition is true: "
         "pte_is_shared_table(pt_cursor_load(at), at->level)",)),
    Argument(
        "Going down again comes to the same entry; most entries go to the table that the one "
        "before has gone to, so it only saves time.",
        ("mm/paging/move.c: stand_at: condition is false: is_same_table",)),
    Argument(
        "Entries that refer to tables above the last level always grant writing.",
        ("mm/paging/pte.h: pte_is_shared_table: arm is dropped: level == 1",)),
    Argument(
        "No entry of level 0 refers to a table: looking at them only takes time.",
        ("mm/paging/query.c: page_table_count: bound is off by one: at.level",
         "mm/paging/query.c: page_table_count: arm is dropped: at.level > 1")),
)
