// Whatever the file says, a plan that is accepted lies in user memory and inside the file.

#include <cstdlib>

#include "kernel/elf/elf.h"
#include "mm/addr/layout.h"

static void Require(bool condition) {
    if (!condition) {
        abort();
    }
}

static void Drop(void *, const char *, size_t) {}

static void CheckSegment(const elf_segment &segment, size_t size) {
    Require(segment.range.start.value >= NULL_GUARD_END);
    Require(virt_range_last(segment.range).value < USER_END);
    Require(virt_range_contains(segment.range, segment.content));
    Require(segment.file_size_bytes <= size &&
            segment.file_offset <= size - segment.file_size_bytes);
    Require(segment.file_size_bytes <=
            virt_range_last(segment.range).value + 1 - segment.content.value);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const text_sink sink = {Drop, nullptr};
    elf_plan plan;
    if (elf_read(data, size, virt_addr(0x555555554000), &sink, &plan) != STATUS_OK) {
        return 0;
    }
    Require(plan.segment_count > 0 && plan.segment_count <= ELF_SEGMENT_MAX);
    for (size_t i = 0; i < plan.segment_count; i++) {
        CheckSegment(plan.segments[i], size);
        Require(i == 0 || plan.segments[i].range.start.value >
                              virt_range_last(plan.segments[i - 1].range).value);
    }
    return 0;
}
