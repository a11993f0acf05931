#include "kernel/cpu/fpu_area.h"

/* The states that are saved, and nothing else: neither the compacted form nor reserved bytes. */
static bool is_valid_header(const char *header_bytes, uint64_t states) {
    uint64_t header[FPU_HEADER_SIZE_BYTES / sizeof(uint64_t)];
    __builtin_memcpy(header, header_bytes, sizeof(header));
    bool is_valid = (header[0] & ~states) == 0;
    for (size_t i = 1; i < sizeof(header) / sizeof(header[0]); i++) {
        is_valid = is_valid && header[i] == 0;
    }
    return is_valid;
}

bool fpu_area_is_valid(const void *area, const struct fpu_rules *rules) {
    const char *bytes = area;
    uint32_t mxcsr;
    __builtin_memcpy(&mxcsr, bytes + FPU_OFFSET_MXCSR, sizeof(mxcsr));
    bool has_header = rules->states != 0;
    return (mxcsr & ~rules->mxcsr_mask) == 0 &&
           (!has_header || is_valid_header(bytes + FPU_LEGACY_SIZE_BYTES, rules->states));
}
