"""Bugs of frames, tables and entries: freed too early, shown too early, or encoded wrongly."""

from host_tests.history.case import Case, made_by

WALKS = r"CPU 1 still walks 0x\w+ through the "
LOST_WRITE = r"CPU 1 has written through the {} page .*; the tables say that nobody has"
TERMINAL_FAULT = (
    r"the entry 0x\w+ at level 0 for 0x\w+ is not present but holds the address of memory \(L1TF\)"
)

TABLE_CASES = (
    Case(
        name="frames are freed before the flush",
        source="Linux eb66ae030829, CVE-2018-18281: properly flush TLB before releasing the page",
        scenario="PagingHistory.APageThatAnotherCpuUsesIsUnmapped",
        diagnosis=r"when a flush was asked for: CPU 1 still reaches the free frame 0x\w+ at 0x\w+",
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "    list_push_back(&gather->dead_frames, &frame->listed.link);\n",
                "    (void)gather;\n    frame_free(frame_address(frame));\n",
            ),
        ),
    ),
    Case(
        name="a shared frame is counted down before the flush",
        source="Xen XSA-241, CVE-2017-15588: stale TLB entry due to page type release race",
        scenario="PagingHistory.TwoProcessesDropOneFrameAtOnce",
        diagnosis=r"CPU 0 still reaches the free frame 0x\w+ at 0x340000000",
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "    gather->shared_frames[gather->shared_count++] = frame;\n",
                "    __atomic_fetch_sub(&frame->map_count, 1, __ATOMIC_ACQ_REL);\n",
            ),
        ),
    ),
    Case(
        name="a table goes without a flush of the way to it",
        source="Linux d86564a2f085: support invalidating TLB caches for RCU_TABLE_FREE",
        scenario="PagingHistory.ATableThatNeverMappedAnythingIsDropped",
        diagnosis=WALKS + "level 0 table .* of its paging-structure cache",
        edits=made_by(
            (
                "mm/paging/entry.c",
                "        tlb_gather_way(gather, pt_cursor_entry_start(at), at->level);\n",
                "",
            ),
        ),
    ),
    Case(
        name="a table is freed before the flush",
        source="Xen, CVE-2026-23554: freeing of EPT paging structures is not deferred until the"
        " flush",
        scenario="PagingHistory.ATableThatNeverMappedAnythingIsDropped",
        diagnosis=r"when a flush was asked for: CPU 1 still walks .* through the freed table 0x\w+",
        edits=made_by(
            ("mm/paging/entry.c", "    tlb_gather_table(gather, child);\n",
             "    frame_free(child);\n"),
        ),
    ),
    Case(
        name="a table is replaced, and the upper entries stay cached",
        source="Linux 5e0fb5df2ee8: add TLB purge to free pmd/pte page interfaces",
        scenario="PagingHistory.ATableIsReplaced",
        diagnosis=WALKS + r"level . table at 0x\w+ .*; the tables say table 0x\w+",
        edits=made_by(
            (
                "mm/paging/entry.c",
                "        tlb_gather_way(gather, pt_cursor_entry_start(at), at->level);\n",
                "",
            ),
        ),
    ),
    Case(
        name="a process's root is freed while a CPU translates through it",
        source="Genode #5743: insufficient cross-cpu page-table invalidation",
        scenario="PagingHistory.AProcessEndsThatACpuStillTranslatesThrough",
        diagnosis=r"CPU 1 translates through the root 0x\w+, which is free",
        edits=made_by(
            (
                "mm/paging/page_table.c",
                "    if (__atomic_load_n(&table->active_cpus.bits, __ATOMIC_SEQ_CST) != 0) {\n",
                "    if (false) {\n",
            ),
        ),
    ),
    Case(
        name="a table is freed with an entry in it",
        source="class of bug: off by one in freeing empty tables",
        scenario="PagingHistory.OneOfTwoPagesOfATableGoes",
        diagnosis=r"CPU 1 still translates 0x\w+ .*; the tables have nothing there",
        edits=made_by(
            (
                "mm/paging/entry.c",
                "frame_of(child)->table.entry_count > 0",
                "frame_of(child)->table.entry_count > 1",
            ),
        ),
    ),
    Case(
        name="unmap frees the table instead of the page",
        source="SWEB #76: ArchMemory x86_64 unmapPage bug",
        scenario="PagingHistory.OneOfTwoPagesIsUnmapped",
        diagnosis=WALKS + r"freed table 0x\w+",
        edits=made_by(
            (
                "mm/paging/unmap.c",
                "        drop_frame(old, fate, gather);\n",
                "        (void)drop_frame;\n        (void)fate;\n"
                "        tlb_gather_table(gather, pt_cursor_table(at));\n",
            ),
        ),
    ),
    Case(
        name="a table is shown before it is zeroed",
        source="Kernel of Truth #118; KTF, pull request 106: zero a new page table",
        scenario="PagingHistory.OldTablesAreUsedAgain",
        diagnosis=r"CPU . still walks 0x\w+ through the level . table at 0xc0000000",
        edits=made_by(
            (
                "mm/paging/table_pool.c",
                "frame_alloc_zeroed(FRAME_TABLE, ZONE_NORMAL, &fresh)",
                "table->has_frames ? frame_alloc(FRAME_TABLE, ZONE_NORMAL, &fresh)"
                " : frame_alloc_zeroed(FRAME_TABLE, ZONE_NORMAL, &fresh)",
            ),
            (
                "mm/paging/table_pool.c",
                "    table_count_entries(table, pt_cursor_table(at), 1);\n",
                "    table_count_entries(table, pt_cursor_table(at), 1);\n"
                "    __builtin_memset(platform_phys_to_virt(child), 0, PAGE_SIZE);\n",
            ),
            (
                "mm/paging/page_table.c",
                "        table->root = table_pool_take(&pool, table, table->levels - 1u);\n",
                "        table->root = table_pool_take(&pool, table, table->levels - 1u);\n"
                "        __builtin_memset(platform_phys_to_virt(table->root), 0, PAGE_SIZE);\n",
            ),
        ),
    ),
    Case(
        name="physical address 0 is the answer when memory has ended",
        source="COCONUT-SVSM, pull request 882: do not use 0 as no-page marker",
        scenario="PagingHistory.ATableIsNeededWhenMemoryHasEnded",
        diagnosis=WALKS + "freed table 0x0",
        edits=made_by(
            (
                "mm/paging/table_pool.c",
                "        phys_addr_t fresh;\n        enum status status = ",
                "        phys_addr_t fresh = {};\n        (void)!",
            ),
            (
                "mm/paging/table_pool.c",
                "        if (status != STATUS_OK) {\n"
                "            table_pool_return(pool, table);\n"
                "            return status;\n"
                "        }\n",
                "",
            ),
        ),
    ),
    Case(
        name="a large page is taken for a table",
        source="U-Boot 4b36f01201bf, arm64: fix map_range() not splitting mapped blocks",
        scenario="PagingHistory.PartOfALargePageIsReplaced",
        diagnosis=r"0x\w+ is not RAM, so nobody can see it",
        edits=made_by(
            (
                "mm/paging/remap.c",
                "        } else {\n            entry_split(&at, pool, gather);\n",
                "        } else {\n            pt_cursor_descend(&at);\n",
            ),
        ),
    ),
    Case(
        name="protect stores over a dirty flag",
        source="class of bug: an accessed or dirty flag is lost to a plain store",
        scenario="PagingHistory.ACpuWritesWhileAPageBecomesExecutable",
        diagnosis=r"CPU 1 still translates .*; the tables say .*: a dirty flag that was cleared",
        edits=made_by(
            (
                "mm/paging/protect.c",
                "    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));\n",
                "    } while (false);\n    pte_publish(pt_cursor_slot(at), next);\n",
            ),
        ),
    ),
    Case(
        name="a split stores over a dirty flag",
        source="Linux: do not lose dirty and accessed bits in pmdp_invalidate()",
        scenario="PagingHistory.ACpuWritesWhileALargePageIsCut",
        diagnosis=LOST_WRITE.format("2 MiB"),
        edits=made_by(
            (
                "mm/paging/entry.c",
                "    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));\n",
                "    } while (false);\n    pte_publish(pt_cursor_slot(at), next);\n",
            ),
        ),
    ),
    Case(
        name="pages are joined and one of them was written",
        source="class of bug: a merge keeps the first page's dirty flag alone (Quire's did, once)",
        scenario="PagingHistory.WrittenPagesThatAreReadOnlyAreJoined",
        diagnosis=LOST_WRITE.format("4 KiB"),
        edits=made_by(
            (
                "mm/paging/merge.c",
                "        flags |= pte_load(&pieces[i]).raw & PTE_DIRTY;\n",
                "",
            ),
        ),
    ),
    Case(
        name="a page without rights shows where it lies",
        source="L1 terminal fault, CVE-2018-3620: PROT_NONE entries keep their address",
        scenario="PagingHistory.APageLosesAllItsRights",
        diagnosis=TERMINAL_FAULT,
        edits=made_by(
            (
                "mm/paging/pte.h",
                "is_present ? pa.value : ~pa.value & pte_address_mask(level)",
                "pa.value",
            ),
            ("mm/paging/pte.h", "pte_is_present(pte) ? pte.raw : ~pte.raw;", "pte.raw;"),
        ),
    ),
    Case(
        name="an unmapped entry keeps all but its present bit",
        source="L1 terminal fault, CVE-2018-3620: an entry is emptied by clearing P alone",
        scenario="PagingHistory.OneOfTwoPagesIsUnmapped",
        diagnosis=TERMINAL_FAULT,
        edits=made_by(
            (
                "mm/paging/unmap.c",
                "    pte_t old = pte_exchange(pt_cursor_slot(at), pte_absent());\n",
                "    pte_t old = pt_cursor_load(at);\n"
                "    pte_publish(pt_cursor_slot(at), pte_from_raw(old.raw & ~PTE_PRESENT));\n",
            ),
        ),
    ),
)
