#include "kernel/panic/backtrace.h"

#include "kernel/symbols/symbols.h"
#include "mm/addr/addr.h"
#include "mm/addr/layout.h"
#include "mm/paging/page_table.h"
#include "mm/space/address_space.h"
#include "mm/space/kernel_space.h"

constexpr unsigned LINE_COUNT_MAX = 24;

/* What `push rbp; mov rbp, rsp` leaves behind. */
struct stack_frame {
    uint64_t caller_frame_pointer;
    uint64_t return_address;
};

static bool is_mapped(uint64_t address) {
    virt_addr_t va = virt_addr(address);
    return address >= DIRECT_MAP_BASE && virt_is_canonical(va, 4) &&
           page_table_query(space_page_table(kernel_space()), va).kind == PAGE_MAPPED;
}

/* A frame may straddle two pages, so both ends are looked up. */
static bool is_frame(uint64_t frame_pointer) {
    return is_aligned(frame_pointer, sizeof(uint64_t)) && is_mapped(frame_pointer) &&
           is_mapped(frame_pointer + sizeof(struct stack_frame) - 1);
}

static void write_line(unsigned depth, uint64_t address, const struct text_sink *sink) {
    uint64_t offset;
    const char *name = symbol_find(&kernel_symbols, address, &offset);
    if (name) {
        format_to(sink, "  #%u 0x%016llx %s+%#llx\n", depth, (unsigned long long)address, name,
                  (unsigned long long)offset);
    } else {
        format_to(sink, "  #%u 0x%016llx\n", depth, (unsigned long long)address);
    }
}

/* The frame of the caller, or nullptr where `frame` has none that looks like one: stacks grow
 * downwards, so it must be above. */
static const struct stack_frame *caller_of(const struct stack_frame *frame) {
    uint64_t caller = frame->caller_frame_pointer;
    return caller > (uint64_t)frame && is_frame(caller) ? (const struct stack_frame *)caller
                                                        : nullptr;
}

/* A recursion's frames all return to one place: they become one line. */
void backtrace_write(uint64_t instruction, uint64_t frame_pointer, const struct text_sink *sink) {
    unsigned depth = 0;
    uint64_t last = 0;
    write_line(depth++, instruction, sink);
    const struct stack_frame *frame =
        is_frame(frame_pointer) ? (const struct stack_frame *)frame_pointer : nullptr;
    for (unsigned lines = 1; frame && frame->return_address != 0 && lines < LINE_COUNT_MAX;
         frame = caller_of(frame), depth++) {
        if (frame->return_address != last) {
            write_line(depth, frame->return_address, sink);
            lines++;
        }
        last = frame->return_address;
    }
}
