#pragma once

#include <stdint.h>

#include "lib/decls.h"

/* Where the parts of a program's memory go: address space layout randomisation. */

BEGIN_C_DECLS

/* As many random bits as Linux has on x86-64: pages for all but the stack pointer. */
constexpr unsigned RANDOM_MAP_BITS = 28;   /* of mmap's end, and of where PIE programs go */
constexpr unsigned RANDOM_STACK_BITS = 22; /* of the stack's end */
constexpr unsigned RANDOM_BRK_BITS = 18;   /* of the heap's start */

struct program_layout {
    uint64_t stack_end;    /* exclusive; a page boundary */
    uint64_t stack_offset; /* from there to the first string, below a page; a multiple of 16 */
    uint64_t map_end;      /* where mmap begins downwards */
    uint64_t movable_base; /* of position-independent programs */
    uint64_t brk_offset;   /* from the program's end to its heap */
};

/* `is_random` false: always the same. `stack_limit` is RLIMIT_STACK, for which room is left. */
struct program_layout layout_choose(bool is_random, uint64_t stack_limit);

/* kernel.randomize_va_space: 0 none, 1 all but the heap, 2 all. Atomic. */
extern uint32_t layout_mode;

END_C_DECLS
