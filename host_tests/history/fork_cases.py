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
    Case(
        name="a table that is shared once more is not counted once more",
        source="class of bug: the second fork of a shared table (On-demand-fork, EuroSys'21)",
        scenario="CopyHistory.AChildHasAChild",
        diagnosis=r"T1: page table frame 0x\w+: 3 entries reach it, its count says 2",
        edits=made_by(
            (
                "mm/paging/share.c",
                "    __atomic_fetch_add(&frame->table.share_count, 1, __ATOMIC_RELAXED);"
                " /* T1 */\n",
                "    __atomic_store_n(&frame->table.share_count, 2, __ATOMIC_RELAXED);\n",
            ),
        ),
    ),
    Case(
        name="a shared table is counted down before the flush",
        source="class of bug: reuse on a stale count",
        scenario="PagingHistory.AParentUsesItsTableBeforeItsChildHasForgottenIt",
        diagnosis=r"what the parent alone has",
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "    put_later(gather, frame_of(table), __builtin_return_address(0));\n",
                "    shared_table_put(frame_of(table));\n",
            ),
        ),
    ),
    Case(
        name="whoever leaves a shared table empties it",
        source="class of bug: exit unmaps what a shared table maps for others",
        scenario="CopyHistory.AParentGivesUpWhatItsChildUses",
        diagnosis=r"CPU 1 still translates 0x40000000 .*",
        edits=made_by(
            ("mm/paging/unmap.c", "            if (drops_shared_table(&at)) {\n",
             "            if (false) {\n"),
            ("mm/paging/unmap.c", "            entry_enter_table(&at, pool, gather);\n",
             "            pt_cursor_descend(&at);\n"),
        ),
    ),
    Case(
        name="what fork leaves out stays in the table that it shares",
        source="class of bug: MADV_DONTFORK keeps the bookkeeping from the child alone",
        scenario="CopyHistory.AChildIsNotToHaveAllMemory",
        diagnosis=r"S1: child: 0x40001000 is mapped, but in no area",
        edits=made_by(
            ("mm/space/fork.c", "            status = unmap_pages(child, area->range);\n", ""),
        ),
    ),
    Case(
        name="a table is moved and its old place stays cached",
        source="Linux 97113eb39fa7, CVE-2022-41222: mremap moves whole page tables",
        scenario="CopyHistory.ABlockIsMoved",
        diagnosis=r"CPU 0 still translates 0x40000000 .*",
        edits=made_by(
            ("mm/paging/move.c", "        entry_owe_block(old, pte_absent(), gather);\n", ""),
        ),
    ),
    Case(
        name="the page of zeroes is counted as a page of its readers",
        source="Linux 7df003c85218: fix overflow of zero page refcount with ksm running",
        scenario="CopyHistory.WhatWasNeverWrittenIsReadAndGivenUp",
        diagnosis=r"F2: .*",
        edits=made_by(
            (
                "mm/space/fault_resolve.c",
                "    return page_table_map(&place->space->table, place->page, zero_page(),"
                " read_only(place), 0);\n",
                "    phys_addr_t zero = zero_page();\n"
                "    return page_table_map_frames(&place->space->table, place->page, &zero,"
                " read_only(place));\n",
            ),
        ),
    ),
    Case(
        name="a file's page that one area shows is taken for its own",
        source="Linux 5535be309971, CVE-2022-2590: the kernel writes to private mappings of"
        " shared memory",
        scenario="CopyHistory.TheKernelLoadsIntoAPrivateFile",
        diagnosis=r"what the file has",
        edits=made_by(
            ("mm/space/fault_resolve.c", "frame->state == FRAME_ANON && ", ""),
        ),
    ),
    Case(
        name="the child of a fork is not known to the file that it shows",
        source="class of bug: fork leaves the child out of the reverse map",
        scenario="CopyHistory.AFileIsCutThatAChildShows",
        diagnosis=r"what the child still sees",
        edits=made_by(
            (
                "mm/space/area_edit.c",
                "        object_views_add_beside(views, &area->view, beside);\n",
                "        list_init(&area->view.link);\n",
            ),
        ),
    ),
)
