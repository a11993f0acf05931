#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"
#include "lib/status.h"
#include "mm/addr/addr.h"

/*
 * Walks everything and checks the numbered invariants of docs/mm_invariants.md. Costs time in
 * proportion to memory. Nothing in mm depends on it. Changes nothing; it borrows free frames to
 * count in, and makes do with less where there are few.
 */

BEGIN_C_DECLS

struct audit_result {
    uint64_t finding_count;
    uint64_t frame_count; /* frames looked at */
    uint64_t table_count; /* page tables looked at */
    uint64_t leaf_count;  /* leaf and parked entries looked at */
};

/*
 * Checks every frame, every address space and its tables, every kernel range, and the frames of the
 * heap. Each finding is a line on `sink`: the invariant's number, where, what was found and what
 * was expected; after AUDIT_LINES_MAX lines they are only counted. Takes the locks of the spaces;
 * nothing else may map, unmap or free meanwhile.
 */
constexpr uint64_t AUDIT_LINES_MAX = 100;
struct audit_result audit_run(const struct text_sink *sink);

/* Gives back all that is only kept for speed (empty slabs), so that frame counts compare. */
void audit_drain(void);

/*
 * No page table, and nothing that audit_add_live names, may lie in this memory (K4): what the
 * loader used, until it is released. `name` is kept, not copied. Errors: STATUS_NO_MEMORY, 32
 * ranges are known.
 */
enum status audit_forbid_range(phys_addr_t start, uint64_t size_bytes, const char *name);

/*
 * Names memory in the kernel's space that the CPU uses by itself, a stack or a descriptor table:
 * it must be mapped, and not to a forbidden range (K4). `name` is kept, not copied. Errors:
 * STATUS_NO_MEMORY, 64 of them are known.
 */
enum status audit_add_live(virt_addr_t start, uint64_t size_bytes, const char *name);

/* Forgets forbidden ranges and live memory; for when the loader's memory has been released. */
void audit_forget(void);

END_C_DECLS
