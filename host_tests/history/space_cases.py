"""Bugs of whole address spaces: the kernel's half, rights, areas, and bits that a CPU refuses."""

from host_tests.history.case import Case, made_by

SPACE_CASES = (
    Case(
        name="the kernel's half lets users in",
        source="Windows 7, CVE-2018-1038 (Total Meltdown): the user bit of a kernel PML4 entry",
        scenario="SpaceHistory.TheKernelHasBooted",
        diagnosis=r"K1: the level 3 entry for 0x\w+ lets users in",
        edits=made_by(
            (
                "mm/paging/table_pool.c",
                "pte_table(child, table->half == HALF_USER)",
                "pte_table(child, true)",
            ),
        ),
    ),
    Case(
        name="a new kernel table is missing in the processes that exist",
        source="Linux: define ARCH_PAGE_TABLE_SYNC_MASK and arch_sync_kernel_mappings()",
        scenario="SpaceHistory.TheKernelGrowsWhileAProcessLives",
        diagnosis=r"K5: init: root slot 384 holds 0x0, not 0x\w+",
        edits=made_by(
            (
                "mm/space/kernel_space.c",
                "    status = reserve_kernel_ranges();\n"
                "    if (status != STATUS_OK) {\n"
                "        return status;\n"
                "    }\n"
                "    return map_image(layout);",
                "    return map_image(layout);",
            ),
        ),
    ),
    Case(
        name="text is writable in the direct map",
        source="class of bug: the alias of the kernel's text keeps its rights",
        scenario="SpaceHistory.TheKernelHasBooted",
        diagnosis=r"K3: 0x\w+ is writable at 0xffff8\w+, and executable from 0xffffffff8\w+ on",
        edits=made_by(
            (
                "mm/space/direct_map.c",
                "        if ((section->rights & RIGHT_WRITE) != 0 || start >= section_end) {\n",
                "        if (true) {\n",
            ),
        ),
    ),
    Case(
        name="the direct map is executable",
        source="Linux before 3.9, ret2dir (USENIX Security 2014): physmap is writable and"
        " executable",
        scenario="SpaceHistory.TheKernelHasBooted",
        diagnosis=r"V2: kernel: 0x\w+ grants rights 0x4 that direct map does not.*?"
        r"K2: 0x\w+ is writable and executable",
        edits=made_by(
            (
                "mm/space/direct_map.c",
                "struct piece piece = {end, RIGHT_READ | RIGHT_WRITE | RIGHT_GLOBAL, 2};",
                "struct piece piece = {end, RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE"
                " | RIGHT_GLOBAL, 2};",
            ),
        ),
    ),
    Case(
        name="the last page of a range stays mapped when its area goes",
        source="XNU, CVE-2023-23536 (PhysPuppet): page table entries outlive their map entry",
        scenario="SpaceHistory.AProcessGivesMemoryBack",
        diagnosis=r"S1: init: 0x402000 is mapped, but in no area",
        edits=made_by(
            (
                "mm/space/user_areas.c",
                "    enum status status = unmap_pages(space, range);\n",
                "    enum status status = unmap_pages(space,"
                " virt_range(range.start, range.page_count - 1));\n",
            ),
        ),
    ),
    Case(
        name="tables stay when they have become empty",
        source="gVisor #237: memory leak on page table entries",
        scenario="SpaceHistory.AProcessGivesMemoryBack",
        diagnosis=r"T3: init: the level 0 table 0x\w+ is empty, but was kept",
        edits=made_by(
            ("mm/paging/unmap.c", "            entry_drop_empty_table(&at, gather);\n", ""),
        ),
    ),
    Case(
        name="the area says read-only and the entries do not",
        source="class of bug: mprotect changes the bookkeeping alone",
        scenario="SpaceHistory.AProcessMakesItsMemoryReadOnly",
        diagnosis=r"V2: init: 0x400000 grants rights 0x2 that memory does not",
        edits=made_by(
            (
                "mm/space/user_areas.c",
                "    status = protect_pages(space, part->range, user_attributes(rights));\n",
                "    status = STATUS_OK;\n",
            ),
        ),
    ),
    Case(
        name="a frame is mapped and nobody counts it",
        source="Linux KVM, CVE-2021-22543: VM_IO and VM_PFNMAP pages mapped without a reference",
        scenario="SpaceHistory.AProcessUsesMemory",
        diagnosis="F2: anonymous frame 0x\\w+: 1 entries reach it, its count says 0",
        edits=made_by(
            (
                "mm/paging/mapping.c",
                "        __atomic_fetch_add(&frame_of(mapping->pages[i])->map_count, 1,"
                " __ATOMIC_RELAXED); /* F2 */\n",
                "",
            ),
        ),
    ),
    Case(
        name="the table of one level is indexed as that of another",
        source="NuttX, pull request 19692, arch/x86_64: fix page table levels in pgalloc",
        scenario="SpaceHistory.AProcessUsesMemory",
        diagnosis=r"V1: init: 0x0 is mapped in null guard, which is a guard",
        edits=made_by(
            (
                "mm/paging/cursor.h",
                "    return &at->tables[at->level][level_index(at->va, at->level)];\n",
                "    bool is_user = at->va.value >> 63 == 0;\n"
                "    unsigned level = at->level == 1 && is_user ? 2 : at->level;\n"
                "    return &at->tables[at->level][level_index(at->va, level)];\n",
            ),
        ),
    ),
    Case(
        name="PS of a large page becomes PAT of its pieces",
        source="Linux: fix __split_large_page() to handle large PAT bit (foreseen in 7a5714e01860)",
        scenario="SpaceHistory.ALargePageOfADeviceIsCut",
        diagnosis=r"V2: kernel: 0x\w+ is not cached as window says",
        edits=made_by(
            (
                "mm/paging/pte.h",
                "        bits &= ~(PTE_LARGE | PTE_LARGE_PAT);\n",
                "        bits &= ~PTE_LARGE_PAT;\n",
            ),
        ),
    ),
    Case(
        name="memory above MAXPHYADDR is mapped",
        source="Linux ce56a86e2ade: limit mmap() of /dev/mem to valid physical addresses",
        scenario="SpaceHistory.ADeviceAboveAllMemoryIsAskedFor",
        diagnosis=r"P1: kernel: entry 0x\w+ for 0x\w+ has reserved bits 0x400000000000",
        edits=made_by(
            (
                "mm/paging/plan.c",
                "    if (first_page + page_count > page_limit) {\n",
                "    if (page_limit == 0) {\n",
            ),
        ),
    ),
    Case(
        name="NX is set where the CPU does not know it",
        source="Asterinas, pull request 1992: enable IA32_EFER.NXE earlier",
        scenario="NoExecuteDisableHistory.AProcessUsesDataThatCannotBeExecuted",
        diagnosis=r"P1: \w+: entry 0x\w+ for 0x\w+ has reserved bits 0x8000000000000000",
        edits=made_by(
            (
                "mm/paging/pte.h",
                "(rights & RIGHT_EXECUTE) == 0 && features->has_no_execute ?",
                "(rights & RIGHT_EXECUTE) == 0 ?",
            ),
        ),
    ),
    Case(
        name="PS is set at a level where the CPU reserves it",
        source="Xen XSA-176, CVE-2016-4480: PS bit handling in L4 and L3 entries",
        scenario="NoHugePagesHistory.MuchDeviceMemoryIsMapped",
        diagnosis=r"P1: kernel: entry 0x\w+ for 0x\w+ has reserved bits 0x80",
        edits=made_by(
            (
                "mm/paging/pte.h",
                "(level == LEAF_LEVEL_MAX && platform_features()->has_1g_leaves);",
                "level == LEAF_LEVEL_MAX;",
            ),
        ),
    ),
)
