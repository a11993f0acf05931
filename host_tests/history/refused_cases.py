"""Bugs that do not get as far as a test: our compiler refuses them."""

from host_tests.history.case import Case, made_by

REFUSED_CASES = (
    Case(
        name="a space is changed without its lock",
        source="Linux, CVE-2023-3269 (StackRot): the stack grows under the lock for reading",
        diagnosis="calling function 'free_locked' requires holding space 'token' exclusively",
        edits=made_by(
            (
                "mm/space/kernel_ranges.c",
                "    space_lock_for_writing(kernel_space(), region(), &token);\n"
                "    enum status status = free_locked(&token, start);\n"
                "    space_unlock(&token);\n",
                "    enum status status = free_locked(&token, start);\n",
            ),
        ),
    ),
    Case(
        name="an early return forgets the flush",
        source="Linux a4a118f2eead, CVE-2021-4002: flush TLBs correctly after huge_pmd_unshare",
        diagnosis="gather 'gather' is still held at the end of function",
        edits=made_by(
            (
                "mm/space/page_changes.c",
                "    enum status status ="
                " page_table_unmap(&space->table, range, &gather, &unmapped);\n"
                "    tlb_gather_finish(&gather);\n",
                "    enum status status ="
                " page_table_unmap(&space->table, range, &gather, &unmapped);\n",
            ),
        ),
    ),
    Case(
        name="nobody asks whether there was memory for a table",
        source="class of bug: the result of an allocation is dropped",
        diagnosis="ignoring return value of function declared with 'nodiscard' attribute",
        edits=made_by(
            (
                "mm/paging/map.c",
                "        event->status = take_tables(table, mapping, &pool);\n",
                "        take_tables(table, mapping, &pool);\n",
            ),
        ),
    ),
    Case(
        name="a physical address is used as a pointer",
        source="class of bug: memory is taken to be mapped where it lies",
        diagnosis=r"operand of type 'phys_addr_t' \(aka 'struct phys_addr'\) where"
        " arithmetic or pointer type is required",
        edits=made_by(
            (
                "mm/paging/table_pool.c",
                "    return (uint64_t *)platform_phys_to_virt(table);\n",
                "    return (uint64_t *)table;\n",
            ),
        ),
    ),
)
