// An area that is accepted asks for nothing that the rules do not have.

#include <cstdint>
#include <cstring>
#include <vector>

#include "host_tests/kernel/fuzzing.h"
#include "kernel/cpu/fpu_area.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    constexpr size_t area_size = FPU_LEGACY_SIZE_BYTES + FPU_HEADER_SIZE_BYTES;
    constexpr size_t header_size = FPU_HEADER_SIZE_BYTES;
    const fpu_rules rules = {0xffbf, 7};
    std::vector<uint8_t> area(area_size);
    if (size >= sizeof(uint32_t)) {
        memcpy(area.data() + FPU_OFFSET_MXCSR, data, sizeof(uint32_t));
        size_t rest = size - sizeof(uint32_t);
        memcpy(area.data() + FPU_LEGACY_SIZE_BYTES, data + sizeof(uint32_t),
               rest < header_size ? rest : header_size);
    }
    if (fpu_area_is_valid(area.data(), &rules)) {
        uint64_t states;
        memcpy(&states, area.data() + FPU_LEGACY_SIZE_BYTES, sizeof(states));
        Require((states & ~rules.states) == 0);
        Require(area[FPU_LEGACY_SIZE_BYTES + 15] == 0);
    }
    return 0;
}
