// Whatever the file says, a plan that is accepted lies in user memory and inside the file.

#include "host_tests/kernel/edited_file.h"
#include "host_tests/kernel/fuzzing.h"
#include "kernel/elf/elf.h"
#include "mm/addr/layout.h"

static void CheckSegment(const elf_segment &segment, size_t size) {
    Require(segment.range.start.value >= NULL_GUARD_END);
    Require(virt_range_last(segment.range).value < USER_END);
    Require(virt_range_contains(segment.range, segment.content));
    Require(segment.file_size_bytes <= size &&
            segment.file_offset <= size - segment.file_size_bytes);
    Require(segment.file_size_bytes <=
            virt_range_last(segment.range).value + 1 - segment.content.value);
}

// A program of two segments, as elf_test.cc has it.
static std::vector<uint8_t> Template() {
    std::vector<uint8_t> file(0x3000);
    const uint8_t identity[] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    Put(file, 0, identity);
    Put<uint16_t>(file, 16, 2);
    Put<uint16_t>(file, 18, 62);
    Put<uint64_t>(file, 24, 0x401000);
    Put<uint64_t>(file, 32, 64);
    Put<uint16_t>(file, 54, 56);
    Put<uint16_t>(file, 56, 2);
    const uint64_t text[] = {5ull << 32 | 1, 0, 0x400000, 0, 0x1800, 0x1800, 0x1000};
    const uint64_t data[] = {6ull << 32 | 1, 0x1800, 0x402800, 0, 0x200, 0x1900, 0x1000};
    Put(file, 64, text);
    Put(file, 120, data);
    return file;
}

static void Check(const uint8_t *data, size_t size) {
    elf_plan plan;
    elf_memory memory = {data};
    const elf_file file = {elf_read_memory, &memory, size};
    if (elf_read(&file, virt_addr(0x555555554000), &NOWHERE, &plan) != STATUS_OK) {
        return;
    }
    Require(plan.segment_count > 0 && plan.segment_count <= ELF_SEGMENT_MAX);
    for (size_t i = 0; i < plan.segment_count; i++) {
        CheckSegment(plan.segments[i], size);
        Require(i == 0 || plan.segments[i].range.start.value >
                              virt_range_last(plan.segments[i - 1].range).value);
    }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    Check(data, size);
    const std::vector<uint8_t> edited = Edit(Template(), data, size, 256);
    Check(edited.data(), edited.size());
    return 0;
}
