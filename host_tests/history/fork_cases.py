"""Bugs of copy-on-write: somebody writes to what another still has."""

from host_tests.history.case import Case, made_by

FORK_CASES = (
    Case(
        name="fork leaves in the TLB what the parent may write",
        source="class of bug: copy-on-write begins without a flush",
        scenario="ForkHistory.NobodyHasWrittenYet",
        diagnosis=r"CPU 0 still translates 0x400000 .*",
        edits=made_by(
            ("mm/paging/share.c", "    entry_owe_block(old, next, gather);\n", ""),
        ),
    ),
    Case(
        name="a page of two owners is written to in place",
        source="Linux 17839856fd58, CVE-2020-29374: COW can break either way",
        scenario="ForkHistory.TheChildWrites",
        diagnosis=r"S2: child: 0x400000 is writable, and 2 entries own 0x\w+",
        edits=made_by(
            ("mm/paging/protect.c", "__ATOMIC_ACQUIRE) > 1;", "__ATOMIC_ACQUIRE) > 2;"),
            ("mm/space/fault_resolve.c", "__ATOMIC_ACQUIRE) == 1;", "__ATOMIC_ACQUIRE) >= 1;"),
        ),
    ),
    Case(
        name="the kernel writes to a page that another process has too",
        source="Linux 19be0eaffa3a, CVE-2016-5195 (Dirty COW): a write through a read-only entry",
        scenario="ForkHistory.TheKernelWritesForTheChild",
        diagnosis=r"what the parent has",
        edits=made_by(
            ("mm/space/space_access.c", "fault_resolve(token, va, ACCESS_WRITE)",
             "fault_resolve(token, va, ACCESS_READ)"),
        ),
    ),
    Case(
        name="the page of zeroes is made writable",
        source="Linux a8f97366452e, CVE-2017-1000405 (Huge Dirty COW): the zero page is written to",
        scenario="ForkHistory.WhatWasReadBecomesWritable",
        diagnosis=r"S2: parent: 0x401000 is the page of zeroes, and is writable",
        edits=made_by(
            ("mm/paging/protect.c", "        return frame_exists(pa);\n",
             "        return false;\n"),
        ),
    ),
    Case(
        name="a shared table is made writable while its sibling still has it",
        source="class of bug: a table's sharers are counted wrongly (On-demand-fork, EuroSys'21)",
        scenario="ForkHistory.TheChildWrites",
        diagnosis=r"S2: child: the table for 0x400000 can be written through, and is shared by 2",
        edits=made_by(
            (
                "mm/paging/share.c",
                "    if (__atomic_load_n(&frame->table.share_count, __ATOMIC_ACQUIRE) == 1) {\n",
                "    if (__atomic_load_n(&frame->table.share_count, __ATOMIC_ACQUIRE) <= 2) {\n",
            ),
        ),
    ),
    Case(
        name="the last sharer may still write to what the others have copied",
        source="class of bug: a table is copied and its pages stay writable in the original",
        scenario="ForkHistory.AnotherPageOfTheTableIsWritten",
        diagnosis=r"S2: parent: 0x400000 is writable, and 2 entries own 0x\w+",
        edits=made_by(
            (
                "mm/paging/share.c",
                "    return is_private ? deny_writing(slot, &old) : old;\n",
                "    return is_private ? pte_without_write(old) : old;\n",
            ),
        ),
    ),
    Case(
        name="pages of a copied table are not counted",
        source="class of bug: a frame is freed while the sharer's copy of the table maps it",
        scenario="ForkHistory.TheChildWrites",
        diagnosis=r"F2: anonymous frame 0x\w+",
        edits=made_by(
            (
                "mm/paging/share.c",
                "            __atomic_fetch_add(&frame->map_count, 1, __ATOMIC_RELAXED);"
                " /* F2 */\n",
                "            (void)frame;\n",
            ),
        ),
    ),
)
