"""Bugs of flushing: what must be forgotten, by whom, and when."""

from host_tests.history.case import Case, made_by

STALE = r"CPU 1 still translates 0x\w+ to the .*; the tables"
NOTHING_THERE = STALE + " have nothing there"

FLUSH_CASES = (
    Case(
        name="a page goes without a flush",
        source="Nanvix, pull request 2244: flush TLB entries after PDE/PTE modifications",
        scenario="PagingHistory.OneOfTwoPagesIsUnmapped",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            ("mm/paging/unmap.c", "    entry_owe_change(at, old, pte_absent(), gather);\n", ""),
        ),
    ),
    Case(
        name="a right is taken away without a flush",
        source="Linux 3ea277194daa: flush TLB if potentially racing with a parallel reclaim"
        " (mprotect)",
        scenario="PagingHistory.APageBecomesReadOnly",
        diagnosis=STALE + ".*: a right too many",
        edits=made_by(
            ("mm/paging/protect.c", "    entry_owe_change(at, old, next, gather);\n", ""),
        ),
    ),
    Case(
        name="a window is moved without a flush",
        source="9front, kmap: in-use entries are loaded speculatively, a flush at wrap-around is"
        " not enough",
        scenario="PagingHistory.AWindowIsMovedToOtherMemory",
        diagnosis=STALE + ".*: another page",
        edits=made_by(
            ("mm/paging/remap.c", "    entry_owe_change(at, old, next, gather);\n", ""),
        ),
    ),
    Case(
        name="what has no frame of its own is not flushed",
        source="Linux b67fbebd4cf9, CVE-2022-39188: force tlb-flush VM_PFNMAP vmas",
        scenario="PagingHistory.AMappedDeviceIsUnmapped",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/entry.c",
                "    if (!pte_change_needs_flush(old, next)) {\n"
                "        return;\n"
                "    }\n"
                "    if (lives",
                "    if (!pte_is_owned(old) || !pte_change_needs_flush(old, next)) {\n"
                "        return;\n"
                "    }\n"
                "    if (lives",
            ),
        ),
    ),
    Case(
        name="the flush goes to the wrong address",
        source="Linux, x86/mm/cpa: fix cpa_flush_array() TLB invalidation",
        scenario="PagingHistory.OneOfTwoPagesIsUnmapped",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/entry.c",
                "tlb_gather_leaf(gather, pt_cursor_entry_start(at));",
                "tlb_gather_leaf(gather, virt_add(pt_cursor_entry_start(at), PAGE_SIZE));",
            ),
        ),
    ),
    Case(
        name="INVLPG is given the address of a variable",
        source="Nanos, pull request 207: fix tlb invalidate (a memory constraint)",
        scenario="InstructionHistory.TheKernelFlushesOnePage",
        diagnosis=NOTHING_THERE.replace("CPU 1", "CPU 0"),
        edits=made_by(
            (
                "kernel/cpu/cpu.h",
                '"invlpg (%0)" ::"r"(va.value)',
                '"invlpg %0" ::"m"(va.value)',
            ),
        ),
        sources=("host_tests/history/instructions.c",),
    ),
    Case(
        name="the flush condition looks at the wrong value",
        source="Xen XSA-408, CVE-2022-33745: insufficient TLB flush for PV guests in shadow mode",
        scenario="PagingHistory.APageBecomesReadOnly",
        diagnosis=STALE + ".*: a right too many",
        edits=made_by(
            (
                "mm/paging/pte.h",
                "    return (changed & ~harmless) != 0;\n",
                "    return (changed & ~harmless & ~PTE_WRITABLE) != 0;\n",
            ),
        ),
    ),
    Case(
        name="a full list of pages forgets the rest",
        source="Linux KVM a835429cda91: ensure TLBs are flushed when yielding during GFN range zap"
        " (a pending flush is lost)",
        scenario="PagingHistory.MorePagesThanAFlushCanNameAreUnmapped",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "    if (request->page_count == TLB_FLUSH_PAGE_MAX) {\n"
                "        tlb_gather_everything(gather);\n",
                "    if (request->page_count == TLB_FLUSH_PAGE_MAX) {\n",
            ),
        ),
    ),
    Case(
        name="a split flushes nothing",
        source="Linux ad5ca55f6bdb: global flush tlb after splitting big page and before doing cpa",
        scenario="PagingHistory.ALargePageIsCut",
        diagnosis=STALE + ".*: another page size",
        edits=made_by(
            ("mm/paging/entry.c", "    entry_owe_block(old, next, gather);\n", ""),
        ),
    ),
    Case(
        name="a split flushes one page of the block",
        source="class of bug: the wrong range is flushed when a large page is split",
        scenario="PagingHistory.ALargePageIsCut",
        diagnosis=STALE + ".*: another page size",
        edits=made_by(
            (
                "mm/paging/entry.c",
                "    entry_owe_block(old, next, gather);\n",
                "    entry_owe_change(at, old, next, gather);\n",
            ),
        ),
    ),
    Case(
        name="a merge flushes one page of the block",
        source="Linux KVM/arm64: fix handling of merging tables into a block entry",
        scenario="PagingHistory.PagesAreJoinedToALargeOne",
        diagnosis=STALE + ".*: another page size",
        edits=made_by(
            (
                "mm/paging/merge.c",
                "    entry_owe_block(old, joined, gather);\n",
                "    entry_owe_change(at, old, joined, gather);\n",
            ),
        ),
    ),
    Case(
        name="only the current CPU is asked",
        source="Linux KVM, release 28: flush remote TLBs when reducing shadow pte permissions",
        scenario="PagingHistory.APageThatAnotherCpuUsesIsUnmapped",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "    request->cpus = cpus_that_may_know(gather->table);\n",
                "    request->cpus.bits = 1ull << platform_current_cpu();\n",
            ),
        ),
    ),
    Case(
        name="nobody waits for the shootdown",
        source="Redox, merge request 282: await TLB shootdown wherever memory is deallocated",
        scenario="PagingHistory.APageThatAnotherCpuUsesIsUnmapped",
        diagnosis="a flush was started that nobody waited for",
        edits=made_by(
            ("mm/paging/tlb_gather.c", "        platform_tlb_flush_wait(request);\n", ""),
        ),
    ),
    Case(
        name="the CPU mask is read before the entries are written",
        source="Linux 71b3c126e611, CVE-2016-2069: document switch_mm()-vs-flush synchronization",
        scenario="PagingHistory.ATableIsChangedThatACpuIsLoading",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "    gather->request.page_count = 0;\n",
                "    gather->request.page_count = 0;\n"
                "    gather->request.cpus.bits = table->caching_cpus.bits;\n",
            ),
            (
                "mm/paging/tlb_gather.c",
                "    request->cpus = cpus_that_may_know(gather->table);\n",
                "",
            ),
        ),
    ),
    Case(
        name="the barrier between the entries and the CPU mask is missing",
        source="Linux 71b3c126e611, CVE-2016-2069: add a couple of barriers that were missing",
        scenario="StoreOrderTest.ACpuThatEntersWhileAPageIsProtectedIsToldOrSeesIt",
        diagnosis=STALE + ".*: a right too many",
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "    __atomic_thread_fence(__ATOMIC_SEQ_CST);\n",
                "",
            ),
            (
                "mm/paging/protect.c",
                "    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));\n",
                "    } while (false);\n    pte_publish(pt_cursor_slot(at), next);\n",
            ),
        ),
    ),
    Case(
        name="a CPU enters the mask after it has loaded CR3",
        source="Linux 71b3c126e611, CVE-2016-2069: add barriers to switch_mm()",
        scenario="PagingHistory.ACpuLoadsATableThatIsBeingChanged",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/page_table.c",
                "    bool was_caching = enter_mask(&table->caching_cpus, cpu_bit);\n",
                "    bool was_caching = false;\n",
            ),
            (
                "mm/paging/page_table.c",
                "    platform_activate(&next);\n",
                "    platform_activate(&next);\n    enter_mask(&table->caching_cpus, cpu_bit);\n",
            ),
        ),
    ),
    Case(
        name="a CPU leaves the mask before it has left the table",
        source="Xen XSA-292: insufficient TLB flushing when using PCID"
        " (between the flush and the address space switch)",
        scenario="PagingHistory.ACpuLeavesATableThatIsBeingChanged",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/page_table.c",
                "    platform_activate(&next);\n"
                "    if (previous != NULL && previous != table) {\n"
                "        leave_table(previous, table, cpu_bit);\n"
                "    }\n",
                "    if (previous != NULL && previous != table) {\n"
                "        leave_table(previous, table, cpu_bit);\n"
                "    }\n"
                "    platform_activate(&next);\n",
            ),
        ),
    ),
    Case(
        name="a context that a CPU has left is not flushed there",
        source="FreeBSD-EN-22:04.pcid: fix PCID mode invalidations",
        scenario="ContextIdHistory.ACpuThatHasGoneElsewhereStillRemembers",
        diagnosis="CPU 1 still translates .*: a right too many",
        edits=made_by(
            (
                "mm/paging/page_table.c",
                "    if (previous->half == HALF_USER && previous->context_id =="
                " next->context_id) {\n",
                "    if (previous->half == HALF_USER) {\n",
            ),
        ),
    ),
    Case(
        name="a context id is used again without a flush",
        source="Xen XSA-294: insufficient TLB flushing when using PCID, in shadow mode",
        scenario="ContextIdHistory.AContextIdIsHandedOn",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/page_table.c",
                "has_own_context && was_caching,",
                "has_own_context,",
            ),
        ),
    ),
    Case(
        name="a kernel page that is not global is flushed in one context",
        source="class of bug: INVLPG leaves other PCIDs alone (SDM 3A 4.10.4.1)",
        scenario="ContextIdHistory.AKernelPageThatIsNotGlobalIsUnmapped",
        diagnosis=NOTHING_THERE,
        edits=made_by(
            (
                "mm/paging/entry.c",
                "    if (lives_in_many_contexts(gather->table, old)) {\n",
                "    if (false) {\n",
            ),
        ),
    ),
    Case(
        name="global translations survive a wide flush",
        source="Linux f154f290855b: flush global TLB on boot and AP bringup",
        scenario="PagingHistory.ManyKernelPagesAreUnmapped",
        diagnosis=STALE.replace(".*", ".*global.*") + " have nothing there",
        edits=made_by(
            (
                "mm/paging/tlb_gather.c",
                "is_kernel ? TLB_FLUSH_ALL : TLB_FLUSH_CONTEXT",
                "is_kernel ? TLB_FLUSH_CONTEXT : TLB_FLUSH_CONTEXT",
            ),
        ),
    ),
    Case(
        name="what the kernel gains is not flushed",
        source="class of bug: a spurious fault where the kernel cannot take one",
        scenario="PagingHistory.AKernelPageBecomesWritable",
        diagnosis=STALE + ".*: a right too few for the kernel",
        edits=made_by(
            (
                "mm/paging/pte.h",
                "is_user ? gained : gained & PTE_DIRTY;",
                "gained;",
            ),
        ),
    ),
)
