#include "kernel/process/layout.h"

#include "kernel/random/random.h"
#include "mm/addr/layout.h"

/* Two thirds of user memory, as on Linux. */
constexpr uint64_t MOVABLE_BASE = 0x0000555555554000;

constexpr uint64_t GAP_MIN = 128ull << 20;
constexpr uint64_t GAP_MAX = USER_END / 6 * 5;
constexpr uint64_t STACK_GUARD = 1ull << 20;

uint32_t layout_mode = 2;

static uint64_t random_bits(unsigned count) {
    uint64_t value;
    if (random_fill(&value, sizeof(value)) != STATUS_OK) {
        random_fill_weakly(&value, sizeof(value));
    }
    return value & ((1ull << count) - 1);
}

/* How much is left for the stack between it and mmap. */
static uint64_t stack_gap(uint64_t stack_limit, bool is_random) {
    uint64_t pad = STACK_GUARD + (is_random ? PAGE_SIZE << RANDOM_STACK_BITS : 0);
    uint64_t gap = stack_limit > GAP_MAX ? GAP_MAX : stack_limit + pad;
    gap = gap < GAP_MIN ? GAP_MIN : gap;
    return align_up(gap > GAP_MAX ? GAP_MAX : gap, PAGE_SIZE);
}

struct program_layout layout_choose(bool is_random, uint64_t stack_limit) {
    uint32_t mode = __atomic_load_n(&layout_mode, __ATOMIC_RELAXED);
    is_random = is_random && mode > 0;
    struct program_layout layout = {
        .stack_end = USER_END,
        .map_end = USER_END - stack_gap(stack_limit, is_random),
        .movable_base = MOVABLE_BASE,
    };
    if (is_random) {
        layout.stack_end -= random_bits(RANDOM_STACK_BITS) << PAGE_SHIFT;
        layout.stack_offset = random_bits(8) << 4;
        layout.map_end -= random_bits(RANDOM_MAP_BITS) << PAGE_SHIFT;
        layout.movable_base += random_bits(RANDOM_MAP_BITS) << PAGE_SHIFT;
        layout.brk_offset = mode > 1 ? random_bits(RANDOM_BRK_BITS) << PAGE_SHIFT : 0;
    }
    return layout;
}
