#pragma once

#include <stdint.h>

#include "lib/decls.h"
#include "lib/format.h"

/*
 * Walks everything and checks the numbered invariants of docs/mm_invariants.md. Reads only; costs
 * time in proportion to memory. Nothing in mm depends on it.
 */

BEGIN_C_DECLS

struct audit_result {
    uint64_t finding_count;
    uint64_t frame_count; /* frames looked at */
    uint64_t table_count; /* page tables looked at */
    uint64_t leaf_count;  /* leaf and parked entries looked at */
};

/*
 * Checks every frame, every address space, every kernel range and the heap. Each finding is a line
 * on `sink`: the invariant's number, what was expected, what was found, and where.
 */
struct audit_result audit_run(const struct text_sink *sink);

/* Gives back all that is only kept for speed (per-CPU lists, empty slabs), so counts compare. */
void audit_drain(void);

END_C_DECLS
