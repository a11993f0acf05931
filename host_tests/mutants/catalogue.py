"""Mistakes in the flush discipline, each as the exact text that it changes.

Every one of them is a mistake that a kernel has shipped with. A change of mm/paging that moves such
a text must move it here too: a mutant that cannot be made fails the test.
"""

from typing import NamedTuple


class Edit(NamedTuple):
    """`before` stands once in `file` of mm/paging, and `after` in its place."""

    file: str
    before: str
    after: str


class Mutant(NamedTuple):
    name: str
    edits: tuple[Edit, ...]


def _mutant(name, *edits):
    return Mutant(name, tuple(Edit(*edit) for edit in edits))


CATALOGUE = (
    _mutant(
        "unmap owes nothing",
        ("unmap.c", "    entry_owe_change(at, old, pte_absent(), gather);\n", ""),
    ),
    _mutant(
        "protect owes nothing",
        ("protect.c", "    entry_owe_change(at, old, next, gather);\n", ""),
    ),
    _mutant(
        "remap owes nothing",
        ("map.c", "    entry_owe_change(at, old, next, gather);\n", ""),
    ),
    _mutant(
        "the wrong page is owed",
        (
            "entry.c",
            "tlb_gather_leaf(gather, pt_cursor_entry_start(at));",
            "tlb_gather_leaf(gather, virt_add(pt_cursor_entry_start(at), PAGE_SIZE));",
        ),
    ),
    _mutant(
        "a full gather drops further pages",
        (
            "tlb_gather.c",
            "    if (request->page_count == TLB_FLUSH_PAGE_MAX) {\n"
            "        tlb_gather_everything(gather);\n",
            "    if (request->page_count == TLB_FLUSH_PAGE_MAX) {\n",
        ),
    ),
    _mutant(
        "frames are freed before the flush",
        (
            "tlb_gather.c",
            "    flush(gather);\n    struct list_node *node;\n",
            "    struct list_node *node;\n",
        ),
        (
            "tlb_gather.c",
            "    count_down_shared(gather);\n}",
            "    count_down_shared(gather);\n    flush(gather);\n}",
        ),
    ),
    _mutant(
        "a shared frame is counted down before the flush",
        (
            "tlb_gather.c",
            "    if (gather->shared_count == SHARED_FRAME_MAX) {\n        pay(gather);\n    }\n"
            "    gather->shared_frames[gather->shared_count++] = frame;\n",
            "    __atomic_fetch_sub(&frame->map_count, 1, __ATOMIC_ACQ_REL);\n",
        ),
    ),
    _mutant(
        "frames are freed without waiting for the flush",
        ("tlb_gather.c", "        platform_tlb_flush_wait(request);\n", ""),
    ),
    _mutant(
        "a table goes without a flush of the way to it",
        (
            "entry.c",
            "        tlb_gather_way(gather, pt_cursor_entry_start(at), at->level);\n",
            "",
        ),
    ),
    _mutant(
        "a table is freed at once",
        ("entry.c", "    tlb_gather_table(gather, child);\n", "    frame_free(child);\n"),
    ),
    _mutant(
        "a split flushes only what was asked for",
        ("entry.c", "    entry_owe_block(at, old, next, gather);\n", ""),
    ),
    _mutant(
        "a split flushes one page",
        (
            "entry.c",
            "    entry_owe_block(at, old, next, gather);\n",
            "    entry_owe_change(at, old, next, gather);\n",
        ),
    ),
    _mutant(
        "a merge flushes one page",
        (
            "merge.c",
            "    entry_owe_block(at, old, joined, gather);\n",
            "    entry_owe_change(at, old, joined, gather);\n",
        ),
    ),
    _mutant(
        "only the current CPU is asked",
        (
            "tlb_gather.c",
            "    request->cpus = cpus_that_may_know(gather->table);\n",
            "    request->cpus.bits = 1ull << platform_current_cpu();\n",
        ),
    ),
    _mutant(
        "the mask is read before the entries are written",
        (
            "tlb_gather.c",
            "    gather->request.cpus.bits = 0;\n",
            "    gather->request.cpus.bits = table->caching_cpus.bits;\n",
        ),
        ("tlb_gather.c", "    request->cpus = cpus_that_may_know(gather->table);\n", ""),
    ),
    _mutant(
        "a CPU enters the mask after it has loaded the table",
        (
            "page_table.c",
            "    enter_mask(&table->active_cpus, cpu_bit);\n",
            "",
        ),
        (
            "page_table.c",
            "    platform_activate(&next);\n",
            "    platform_activate(&next);\n    enter_mask(&table->active_cpus, cpu_bit);\n",
        ),
    ),
    _mutant(
        "a CPU leaves the mask although its context remembers",
        (
            "page_table.c",
            "    if (previous->half == HALF_USER && previous->context_id == next->context_id) {\n",
            "    if (previous->half == HALF_USER) {\n",
        ),
    ),
    _mutant(
        "a wide kernel flush leaves global translations",
        (
            "tlb_gather.c",
            "is_kernel ? TLB_FLUSH_ALL : TLB_FLUSH_CONTEXT",
            "is_kernel ? TLB_FLUSH_CONTEXT : TLB_FLUSH_CONTEXT",
        ),
    ),
    _mutant(
        "a kernel page that is not global is flushed in one context",
        (
            "entry.c",
            "    if (lives_in_many_contexts(gather->table, old)) {\n",
            "    if (false) {\n",
        ),
    ),
    _mutant(
        "what the kernel gains is not flushed",
        ("pte.h", "is_user ? gained : gained & (PTE_ACCESSED | PTE_DIRTY);", "gained;"),
    ),
    _mutant(
        "a lost right is taken for a gained one",
        (
            "pte.h",
            "    return (changed & ~harmless) != 0;\n",
            "    return (changed & ~harmless & ~PTE_WRITABLE) != 0;\n",
        ),
    ),
    _mutant(
        "protect stores over a dirty flag",
        (
            "protect.c",
            "    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));\n",
            "    } while (false);\n    pte_publish(pt_cursor_slot(at), next);\n",
        ),
    ),
    _mutant(
        "a split stores over a dirty flag",
        (
            "entry.c",
            "    } while (!pte_compare_exchange(pt_cursor_slot(at), &old, next));\n",
            "    } while (false);\n    pte_publish(pt_cursor_slot(at), next);\n",
        ),
    ),
    _mutant(
        "a parked entry shows where its page lies",
        ("pte.h", "is_present ? pa.value : ~pa.value & pte_address_mask(level)", "pa.value"),
        ("pte.h", "pte_is_present(pte) ? pte.raw : ~pte.raw;", "pte.raw;"),
    ),
)
